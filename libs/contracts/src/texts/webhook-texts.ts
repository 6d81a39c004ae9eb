import type { DeadLetterReason, WebhookDisabledReason, WebhookEvent } from '../webhook.js';
import { text, type BilingualText } from './bilingual.js';

/** What operators and integrators read of webhooks. */
export const webhookTexts = {
  WebhookEventType: {
    'signing-job.completed': text('Đã ký xong', 'Signing job completed'),
    'signing-job.failed': text('Không ký được', 'Signing job failed'),
    'document.timestamped': text('Đã bổ sung dấu thời gian', 'Time-stamp added later'),
    'batch.completed': text('Đã xử lý xong lô ký', 'Batch completed'),
    'webhook.test': text('Thử kết nối', 'Test delivery'),
  } satisfies Record<WebhookEvent['type'], BilingualText>,

  WebhookDisabledReason: {
    client: text('Ứng dụng đã tắt', 'Switched off by the client'),
    gone: text('Máy chủ nhận báo địa chỉ không còn dùng', 'The endpoint answered that it is gone'),
  } satisfies Record<WebhookDisabledReason, BilingualText>,

  DeadLetterReason: {
    'gave-up': text('Đã thử nhiều lần nhưng không gửi được', 'Given up after many attempts'),
    'endpoint-gone': text('Máy chủ nhận báo địa chỉ không còn dùng', 'The endpoint answered that it is gone'),
    'endpoint-disabled': text('Webhook đang tắt', 'The webhook is switched off'),
  } satisfies Record<DeadLetterReason, BilingualText>,
};

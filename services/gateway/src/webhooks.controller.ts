import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  deadLetterListSchema,
  replayRequestSchema,
  replaySchema,
  webhookIdSchema,
  webhookKeysSchema,
  webhookListSchema,
  webhookReplacementSchema,
  webhookRequestSchema,
  webhookSchema,
  webhookTestSchema,
  type ApiClientRecord,
  type DeadLetterList,
  type Replay,
  type ReplayRequest,
  type Webhook,
  type WebhookKeys,
  type WebhookList,
  type WebhookReplacement,
  type WebhookRequest,
  type WebhookTest,
} from '@kyso/contracts';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Caller, Rule } from './auth/caller.js';
import { WebhookDesk } from './webhooks/webhook-desk.js';

const webhookId = { schema: webhookIdSchema };
const pageSchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  after: z.string().max(200).optional(),
});

/** `/v1/webhooks` and `/v1/webhook-keys`: a client is told what happens to its jobs. */
@ApiTags('webhooks')
@ApiBearerAuth()
@Controller('v1')
export class WebhooksController {
  constructor(@Inject(WebhookDesk) private readonly desk: WebhookDesk) {}

  @Get('webhook-keys')
  @Rule({ scope: 'sign' })
  @ApiOperation({
    summary: 'Lists the public keys by which deliveries are verified',
    description:
      'Ed25519. Keep them, and ask again when a signature does not verify. A delivery is schema WebhookEvent, signed after ' +
      'Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature with v1a).',
  })
  @ApiResponse({ status: 200, description: 'A JWK Set (RFC 7517)', standardSchema: webhookKeysSchema })
  keys(): WebhookKeys {
    return this.desk.keys;
  }

  @Get('webhooks')
  @Rule({ scope: 'sign' })
  @ApiOperation({ summary: 'Lists this client’s webhooks' })
  @ApiResponse({ status: 200, description: 'The oldest first', standardSchema: webhookListSchema })
  list(@Caller() caller: ApiClientRecord): Promise<WebhookList> {
    return this.desk.list(caller);
  }

  @Post('webhooks')
  @Rule({ scope: 'sign', accepts: ['application/json'] })
  @ApiOperation({
    summary: 'Makes a webhook',
    description:
      'Jobs are told of that are accepted from then on (through another gateway: a few seconds later). One for each URL ' +
      '(WEBHOOK_EXISTS), at most 10.',
  })
  @ApiResponse({ status: 201, description: 'The webhook, enabled', standardSchema: webhookSchema })
  async create(
    @Caller() caller: ApiClientRecord,
    @Body({ schema: webhookRequestSchema }) body: WebhookRequest,
    @Req() request: FastifyRequest,
  ): Promise<Webhook> {
    const webhook = await this.desk.create(caller, body);
    request.log.info({ clientId: caller.clientId, webhookId: webhook.webhookId }, 'webhook made');
    return webhook;
  }

  @Get('webhooks/:webhookId')
  @Rule({ scope: 'sign' })
  @ApiOperation({ summary: 'Shows a webhook' })
  @ApiResponse({ status: 200, description: 'The webhook', standardSchema: webhookSchema })
  show(@Caller() caller: ApiClientRecord, @Param('webhookId', webhookId) id: string): Promise<Webhook> {
    return this.desk.show(caller, id);
  }

  @Put('webhooks/:webhookId')
  @Rule({ scope: 'sign', accepts: ['application/json'] })
  @ApiOperation({
    summary: 'Replaces a webhook, enables or disables it',
    description: 'What waits is sent to the new URL. One that answered 410 was disabled, and is enabled again by this.',
  })
  @ApiResponse({ status: 200, description: 'The webhook', standardSchema: webhookSchema })
  async replace(
    @Caller() caller: ApiClientRecord,
    @Param('webhookId', webhookId) id: string,
    @Body({ schema: webhookReplacementSchema }) body: WebhookReplacement,
    @Req() request: FastifyRequest,
  ): Promise<Webhook> {
    const webhook = await this.desk.replace(caller, id, body);
    const { enabled } = webhook;
    request.log.info({ clientId: caller.clientId, webhookId: id, enabled }, 'webhook replaced');
    return webhook;
  }

  @Delete('webhooks/:webhookId')
  @HttpCode(204)
  @Rule({ scope: 'sign' })
  @ApiOperation({ summary: 'Deletes a webhook', description: 'What waits for it and its dead letters go with it.' })
  @ApiResponse({ status: 204, description: 'Nothing more is sent' })
  async remove(
    @Caller() caller: ApiClientRecord,
    @Param('webhookId', webhookId) id: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.desk.remove(caller, id);
    request.log.info({ clientId: caller.clientId, webhookId: id }, 'webhook deleted');
  }

  @Post('webhooks/:webhookId/test')
  @HttpCode(200)
  @Rule({ scope: 'sign' })
  @ApiOperation({
    summary: 'Sends a test delivery',
    description: 'An event webhook.test, at once and once; the answer says what came of it.',
  })
  @ApiResponse({ status: 200, description: 'What the endpoint answered', standardSchema: webhookTestSchema })
  test(@Caller() caller: ApiClientRecord, @Param('webhookId', webhookId) id: string): Promise<WebhookTest> {
    return this.desk.test(caller, id);
  }

  @Get('webhooks/:webhookId/dead-letters')
  @Rule({ scope: 'sign' })
  @ApiOperation({
    summary: 'Lists events that could not be delivered',
    description: 'After days of tries, or because the webhook was disabled. They are kept for some weeks.',
  })
  @ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 } })
  @ApiQuery({ name: 'after', required: false, description: '`next` of the answer before' })
  @ApiResponse({ status: 200, description: 'The oldest first', standardSchema: deadLetterListSchema })
  deadLetters(
    @Caller() caller: ApiClientRecord,
    @Param('webhookId', webhookId) id: string,
    @Query({ schema: pageSchema }) page: z.infer<typeof pageSchema>,
  ): Promise<DeadLetterList> {
    return this.desk.deadLetters(caller, id, { limit: page.limit, after: page.after });
  }

  @Post('webhooks/:webhookId/replay')
  @HttpCode(200)
  @Rule({ scope: 'sign', accepts: ['application/json'] })
  @ApiOperation({
    summary: 'Delivers dead letters again',
    description: 'One event, or all with {}; with their old ids, and days of tries anew.',
  })
  @ApiResponse({ status: 200, description: 'How many', standardSchema: replaySchema })
  async replay(
    @Caller() caller: ApiClientRecord,
    @Param('webhookId', webhookId) id: string,
    @Body({ schema: replayRequestSchema }) body: ReplayRequest,
    @Req() request: FastifyRequest,
  ): Promise<Replay> {
    const replay = await this.desk.replay(caller, id, body.eventId);
    request.log.info({ clientId: caller.clientId, webhookId: id, ...replay }, 'dead letters replayed');
    return replay;
  }
}

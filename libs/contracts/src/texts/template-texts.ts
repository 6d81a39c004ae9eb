import type { z } from 'zod';
import type { ImportReport } from '../import.js';
import type { anchorOccurrenceSchema, anchorSideSchema, namedPlaceSchema, Placement } from '../placement.js';
import type { templateDisplaySchema, TemplateLine, TemplateOwner, TemplatePlace, TemplateType } from '../template.js';
import type { fontStyleSchema, textAlignSchema } from '../text-style.js';
import { text, type BilingualText } from './bilingual.js';

type PageName = Extract<Extract<Placement, { page: unknown }>['page'], string>;
type CoveringName = Extract<Extract<TemplatePlace, { covering: unknown }>['covering'], string>;

/** What officials read of templates, places on a page and spreadsheets. */
export const templateTexts = {
  TemplateType: {
    personal: text('Mẫu chữ ký cá nhân', 'Personal signature'),
    organisation: text('Mẫu chữ ký tổ chức', 'Seal of the organisation'),
    'outgoing-number': text('Mẫu số công văn đi', 'Number of an outgoing document'),
    'outgoing-date': text('Mẫu ngày công văn đi', 'Date of an outgoing document'),
    'incoming-stamp': text('Mẫu dấu đến', 'Stamp of incoming documents'),
    copy: text('Mẫu bản sao (sao y, sao lục, trích sao)', 'Certified copy'),
    attachment: text('Mẫu văn bản kèm theo', 'Attachment'),
    'digitised-paper': text('Mẫu giấy tờ số hoá', 'Digitised paper'),
  } satisfies Record<TemplateType, BilingualText>,

  TemplateDisplay: {
    image: text('Hình ảnh', 'Image'),
    text: text('Thông tin', 'Text'),
    both: text('Kết hợp hình ảnh và thông tin', 'Image and text'),
  } satisfies Record<z.infer<typeof templateDisplaySchema>, BilingualText>,

  // The labels that are drawn on documents are made of these; see line-labels.ts.
  TemplateLineKind: {
    signer: text('Người ký', 'Signer'),
    organisation: text('Cơ quan', 'Organisation'),
    email: text('Email', 'Email address'),
    time: text('Thời gian ký', 'Time of signing'),
    number: text('Số', 'Number'),
    date: text('Ngày', 'Date'),
    note: text('Ghi chú', 'Note'),
    text: text('Nội dung tự nhập', 'Free text'),
  } satisfies Record<TemplateLine['kind'], BilingualText>,

  TemplateOwner: {
    all: text('Dùng chung', 'Everybody'),
    credential: text('Dùng riêng cho một chứng thư số', 'One credential'),
  } satisfies Record<TemplateOwner['kind'], BilingualText>,

  NamedPlace: {
    'top-left': text('Góc trên bên trái', 'Top left'),
    'top-center': text('Giữa phía trên', 'Top centre'),
    'top-right': text('Góc trên bên phải', 'Top right'),
    'middle-left': text('Giữa bên trái', 'Middle left'),
    center: text('Chính giữa trang', 'Centre'),
    'middle-right': text('Giữa bên phải', 'Middle right'),
    'bottom-left': text('Góc dưới bên trái', 'Bottom left'),
    'bottom-center': text('Giữa phía dưới', 'Bottom centre'),
    'bottom-right': text('Góc dưới bên phải', 'Bottom right'),
  } satisfies Record<z.infer<typeof namedPlaceSchema>, BilingualText>,

  Page: { last: text('Trang cuối', 'Last page') } satisfies Record<PageName, BilingualText>,

  Covering: {
    latest: text('Chữ ký có hiển thị được ký gần nhất', 'The visible signature that was made last'),
  } satisfies Record<CoveringName, BilingualText>,

  AnchorSide: {
    above: text('Phía trên dòng chữ', 'Above the text'),
    below: text('Phía dưới dòng chữ', 'Below the text'),
    over: text('Đè lên dòng chữ', 'Over the text'),
    left: text('Bên trái dòng chữ', 'To the left of the text'),
    right: text('Bên phải dòng chữ', 'To the right of the text'),
  } satisfies Record<z.infer<typeof anchorSideSchema>, BilingualText>,

  AnchorOccurrence: {
    first: text('Lần xuất hiện đầu tiên', 'First occurrence'),
    last: text('Lần xuất hiện cuối cùng', 'Last occurrence'),
  } satisfies Record<z.infer<typeof anchorOccurrenceSchema>, BilingualText>,

  FontStyle: {
    upright: text('Chữ đứng', 'Upright'),
    italic: text('Chữ nghiêng', 'Italic'),
  } satisfies Record<z.infer<typeof fontStyleSchema>, BilingualText>,

  TextAlign: {
    left: text('Canh trái', 'Left'),
    center: text('Canh giữa', 'Centred'),
    right: text('Canh phải', 'Right'),
  } satisfies Record<z.infer<typeof textAlignSchema>, BilingualText>,

  ImportReport: {
    dryRun: text('Chỉ kiểm tra, không nhập', 'Checked only'),
    imported: text('Đã nhập', 'Imported'),
    rows: text('Số dòng', 'Rows'),
    created: text('Thêm mới', 'New'),
    changed: text('Có thay đổi', 'Changed'),
    unchanged: text('Giữ nguyên', 'Unchanged'),
    faults: text('Lỗi', 'Faults'),
    warnings: text('Cảnh báo', 'Warnings'),
  } satisfies Record<keyof ImportReport, BilingualText>,
} as const;

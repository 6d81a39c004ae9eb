// Page 1 of the sample: a decision of a provincial People's Committee after Nghị định 30/2020/NĐ-CP, annexes I and III.
import { page, paragraph, rule, textWidth } from './typesetting.mjs';

const leftColumn = { x: page.left - 8, width: 185 };
const rightColumn = { x: page.left + 180, width: textWidth - 180 };
const signatureColumn = { x: page.left + 225, width: textWidth - 225 };
const numbered = { number: 'Số: 123/QĐ-UBND', date: 'Hưng Yên, ngày 20 tháng 11 năm 2026' };
/** As wide as what comes there: no-break spaces, which no line breaks and no reader drops. */
const gap = (width) => '\u00a0'.repeat(width);
const unnumbered = {
  number: `Số:${gap(11)}/QĐ-UBND`,
  date: `Hưng Yên, ngày${gap(8)}tháng${gap(8)}năm 2026`,
};
/** Free room between the signer's title and name. */
const signatureRoom = 84;

/**
 * Draws the page and returns where the leader's signature and the organisation's seal belong. Without a number it is as the
 * leader gets it: gaps for number, day and month, which the clerk fills.
 */
export function drawDecision(canvas, fonts, { isNumbered = true } = {}) {
  drawHead(canvas, fonts, isNumbered ? numbered : unnumbered);
  const top = drawBody(canvas, fonts);
  drawRecipients(canvas, fonts, top - 10);
  const places = drawSignatureBlock(canvas, fonts, top - 10);
  drawSpecimenNote(canvas, fonts);
  return places;
}

/** Annex I, II.1 to II.4: national title and motto, agency, number, place and date. */
export function drawHead(canvas, { bold, regular, italic }, { number, date } = numbered) {
  const top = page.height - page.top;
  let left = paragraph(canvas, 'UỶ BAN NHÂN DÂN', top, { font: bold, size: 13, align: 'centre', ...leftColumn });
  left = paragraph(canvas, 'TỈNH HƯNG YÊN', left, { font: bold, size: 13, align: 'centre', ...leftColumn });
  rule(canvas, leftColumn.x + leftColumn.width / 2, left - 6, 56);
  const right = drawNationalTitle(canvas, { bold }, { top, ...rightColumn });
  const line = Math.min(left, right) - 12;
  paragraph(canvas, number, line, { font: regular, size: 13, align: 'centre', ...leftColumn });
  paragraph(canvas, date, line, { font: italic, size: 13, align: 'centre', ...rightColumn });
}

/** The two lines at the head of every Vietnamese official paper, with the rule under the motto. */
export function drawNationalTitle(canvas, { bold }, { top, x, width }) {
  const motto = 'Độc lập - Tự do - Hạnh phúc';
  const style = { font: bold, align: 'centre', x, width };
  let y = paragraph(canvas, 'CỘNG HOÀ XÃ HỘI CHỦ NGHĨA VIỆT NAM', top, { ...style, size: 12.5 });
  y = paragraph(canvas, motto, y, { ...style, size: 13.5 });
  rule(canvas, x + width / 2, y - 4, bold.widthOfTextAtSize(motto, 13.5));
  return y;
}

function drawBody(canvas, { regular, bold, italic }) {
  const centred = { font: bold, align: 'centre' };
  const clause = { font: italic, size: 13, indent: 28.35, leading: 1.28, after: 4 };
  const article = { font: regular, size: 13, indent: 28.35, leading: 1.28, after: 4.5 };

  let y = paragraph(canvas, 'QUYẾT ĐỊNH', page.height - 146, { ...centred, size: 14 });
  y = paragraph(canvas, 'Về việc cho Công ty TNHH Nông sản Nhãn Vàng thuê đất', y, { ...centred, size: 13.5 });
  y = paragraph(canvas, 'để xây dựng nhà máy chế biến nhãn tại xã Tân Mẫu, tỉnh Hưng Yên', y, {
    ...centred,
    size: 13.5,
  });
  rule(canvas, page.left + textWidth / 2, y - 7, 130);
  y = paragraph(canvas, 'UỶ BAN NHÂN DÂN TỈNH HƯNG YÊN', y - 16, { ...centred, size: 13.5, after: 5 });
  for (const ground of grounds) y = paragraph(canvas, ground, y, clause);
  y = paragraph(canvas, 'QUYẾT ĐỊNH:', y - 2, { ...centred, size: 13.5, after: 5 });
  for (const [label, text] of articles) {
    const runs =
      label === ''
        ? [[text, regular]]
        : [
            [`${label} `, bold],
            [text, regular],
          ];
    y = paragraph(canvas, runs, y, article);
  }
  return y;
}

const grounds = [
  'Căn cứ Luật Tổ chức chính quyền địa phương ngày 16 tháng 6 năm 2025;',
  'Căn cứ Luật Đất đai ngày 18 tháng 01 năm 2024;',
  'Căn cứ Nghị định số 102/2024/NĐ-CP ngày 30 tháng 7 năm 2024 của Chính phủ quy định chi tiết thi hành một số điều của Luật Đất đai;',
  'Theo đề nghị của Giám đốc Sở Nông nghiệp và Môi trường tại Tờ trình số 456/TTr-SNNMT ngày 17 tháng 11 năm 2026.',
];

const articles = [
  [
    'Điều 1.',
    'Cho Công ty TNHH Nông sản Nhãn Vàng thuê 12.450,0 m² đất (thửa đất số 87, tờ bản đồ số 15) tại xã Tân Mẫu, tỉnh Hưng Yên để xây dựng nhà máy chế biến nhãn.',
  ],
  [
    '',
    'Vị trí, ranh giới khu đất được xác định theo Trích đo địa chính số 07-2026 kèm theo Quyết định này. Thời hạn thuê đất là 50 năm kể từ ngày ký; hình thức: Nhà nước cho thuê đất trả tiền thuê đất hằng năm.',
  ],
  [
    'Điều 2.',
    'Sở Nông nghiệp và Môi trường ký hợp đồng thuê đất, bàn giao đất trên thực địa và chỉnh lý hồ sơ địa chính theo quy định. Thuế tỉnh Hưng Yên thông báo và đôn đốc Công ty nộp tiền thuê đất.',
  ],
  [
    'Điều 3.',
    'Quyết định này có hiệu lực kể từ ngày ký. Chánh Văn phòng Uỷ ban nhân dân tỉnh, Giám đốc Sở Nông nghiệp và Môi trường, Trưởng Thuế tỉnh, Chủ tịch Uỷ ban nhân dân xã Tân Mẫu và Giám đốc Công ty TNHH Nông sản Nhãn Vàng chịu trách nhiệm thi hành Quyết định này./.',
  ],
];

/** Annex I, II.9: "Nơi nhận", bold italic 12, the list at 11. */
function drawRecipients(canvas, { regular, boldItalic }, top) {
  const list = ['Như Điều 3;', 'Chủ tịch, các PCT UBND tỉnh;', 'Trung tâm PVHCC tỉnh;', 'Lưu: VT, NNMT (Bích).'];
  const column = { x: page.left, width: 200, align: 'left' };
  let y = paragraph(canvas, 'Nơi nhận:', top, { ...column, font: boldItalic, size: 12 });
  for (const entry of list) y = paragraph(canvas, `- ${entry}`, y, { ...column, font: regular, size: 11 });
}

/** Annex I, II.7: authority, title, room for the signature, full name. */
function drawSignatureBlock(canvas, { bold }, top) {
  const style = { font: bold, size: 13, align: 'centre', ...signatureColumn };
  let y = top;
  for (const line of ['TM. UỶ BAN NHÂN DÂN', 'KT. CHỦ TỊCH', 'PHÓ CHỦ TỊCH']) y = paragraph(canvas, line, y, style);
  const roomTop = y - 4;
  paragraph(canvas, 'Nguyễn Văn An', y - signatureRoom + 4, style);
  const leader = { width: 150, height: 75 };
  const seal = 102;
  const leaderX = signatureColumn.x + (signatureColumn.width - leader.width) / 2;
  const leaderY = roomTop - leader.height;
  return {
    leader: placement(leaderX, leaderY, leader),
    // Covers the left third of the signature.
    clerk: placement(leaderX + leader.width / 3 - seal, leaderY + leader.height / 2 - seal / 2, {
      width: seal,
      height: seal,
    }),
  };
}

function placement(x, y, { width, height }) {
  const rectangle = { xPt: Math.round(x), yPt: Math.round(y), widthPt: width, heightPt: height };
  return { page: 1, rectangle };
}

function drawSpecimenNote(canvas, { italic }) {
  paragraph(canvas, 'Văn bản mẫu để thử phần mềm Kyso, mọi thông tin đều là giả định, không có giá trị pháp lý', 40, {
    font: italic,
    size: 7.5,
    align: 'centre',
  });
}

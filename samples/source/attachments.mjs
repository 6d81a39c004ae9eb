// Pages 2 and 3 before they are "scanned": an application and a cadastral extract, all persons and places invented.
import { rgb } from 'pdf-lib';
import { drawNationalTitle } from './decision.mjs';
import { drawSignature } from './signature.mjs';
import { page, paragraph, textWidth } from './typesetting.mjs';

export function drawApplication(canvas, fonts) {
  const { regular, bold, italic } = fonts;
  const body = { font: regular, size: 13, indent: 28.35, leading: 1.35, after: 5 };
  let y = drawNationalTitle(canvas, fonts, { top: page.height - 70, x: page.left, width: textWidth });
  const date = 'Tân Mẫu, ngày 05 tháng 10 năm 2026';
  y = paragraph(canvas, date, y - 16, {
    font: italic,
    size: 13,
    align: 'centre',
    x: page.left + 210,
    width: textWidth - 210,
  });
  y = paragraph(canvas, 'ĐƠN ĐỀ NGHỊ THUÊ ĐẤT', y - 22, { font: bold, size: 15, align: 'centre', after: 10 });
  y = paragraph(canvas, 'Kính gửi: Uỷ ban nhân dân tỉnh Hưng Yên', y, {
    ...body,
    align: 'centre',
    indent: 0,
    after: 12,
  });
  for (const line of applicationLines) y = paragraph(canvas, line, y, body);
  const right = { size: 13, align: 'centre', x: page.left + 225, width: textWidth - 225 };
  y = paragraph(canvas, 'NGƯỜI LÀM ĐƠN', y - 14, { ...right, font: bold });
  paragraph(canvas, '(Ký, ghi rõ họ tên)', y, { ...right, font: italic });
  drawSignature(canvas, 'applicant', { x: right.x + 60, y: y - 14, scale: 0.22, color: rgb(0.1, 0.12, 0.35) });
  paragraph(canvas, 'Vũ Đình Thử', y - 86, { ...right, font: bold });
  drawIncomingStamp(canvas, fonts);
}

const applicationLines = [
  '1. Người đề nghị: Công ty TNHH Nông sản Nhãn Vàng; mã số doanh nghiệp: 0900000000; người đại diện theo pháp luật: ông Vũ Đình Thử, Giám đốc.',
  '2. Địa chỉ trụ sở: Số 00, đường Nhãn Lồng, xã Tân Mẫu, tỉnh Hưng Yên. Điện thoại: 0221 000 0000.',
  '3. Địa điểm thửa đất đề nghị thuê: thửa đất số 87, tờ bản đồ số 15, xã Tân Mẫu, tỉnh Hưng Yên.',
  '4. Diện tích: 12.450,0 m².',
  '5. Để sử dụng vào mục đích: xây dựng nhà máy chế biến nhãn.',
  '6. Thời hạn sử dụng: 50 năm kể từ ngày có quyết định cho thuê đất.',
  '7. Hình thức: thuê đất trả tiền thuê đất hằng năm.',
  '8. Cam kết sử dụng đất đúng mục đích, chấp hành đúng các quy định của pháp luật đất đai, nộp tiền thuê đất đầy đủ, đúng hạn.',
  '9. Tài liệu gửi kèm: Trích đo địa chính thửa đất số 07-2026; bản thuyết minh dự án đầu tư; bản sao Giấy chứng nhận đăng ký doanh nghiệp.',
];

/** The rectangular stamp of incoming papers (Nghị định 30/2020/NĐ-CP, annex IV), number and date by hand. */
function drawIncomingStamp(canvas, { bold, italic }) {
  const red = rgb(0.8, 0.12, 0.14);
  const [x, y] = [page.left - 12, page.height - 178];
  canvas.drawRectangle({ x, y, width: 132, height: 58, borderColor: red, borderWidth: 1.4, opacity: 0 });
  const label = (text, left, lower, size) =>
    canvas.drawText(text, { x: x + left, y: y + lower, size, font: bold, color: red });
  label('TTPVHCC TỈNH (MẪU)', 16, 44, 9);
  label('ĐẾN', 6, 20, 13);
  label('Số: ..................', 42, 28, 9);
  label('Ngày: ...............', 42, 12, 9);
  canvas.drawText('1024', { x: x + 68, y: y + 30, size: 11, font: italic, color: rgb(0.1, 0.15, 0.5) });
  canvas.drawText('06/10', { x: x + 74, y: y + 14, size: 11, font: italic, color: rgb(0.1, 0.15, 0.5) });
}

export function drawCadastralExtract(canvas, fonts) {
  const { regular, bold, italic } = fonts;
  const centred = { align: 'centre', font: bold };
  let y = paragraph(canvas, 'TRÍCH ĐO ĐỊA CHÍNH THỬA ĐẤT', page.height - 70, { ...centred, size: 15 });
  y = paragraph(canvas, 'Số: 07-2026', y, { ...centred, font: regular, size: 13, after: 8 });
  const plain = { font: regular, size: 12.5, align: 'left', leading: 1.4 };
  y = paragraph(canvas, '1. Số hiệu thửa đất: 87; tờ bản đồ số: 15; xã Tân Mẫu, tỉnh Hưng Yên', y, plain);
  y = paragraph(canvas, '2. Diện tích: 12.450,0 m²; mục đích sử dụng: đất thương mại, dịch vụ', y, plain);
  y = paragraph(canvas, '3. Sơ đồ thửa đất:', y, plain);
  drawParcel(canvas, fonts, { x: page.left + 40, y: y - 350 });
  drawSideTable(canvas, fonts, { x: page.left + textWidth - 150, y: y - 362 });
  const foot = y - 540;
  paragraph(canvas, 'Tỷ lệ 1:1000', foot + 152, { ...centred, font: italic, size: 12, width: 300 });
  const half = textWidth / 2;
  const signer = (title, name, { x, hand }) => {
    const lower = paragraph(canvas, title, foot + 60, { ...centred, size: 12.5, x, width: half });
    drawSignature(canvas, hand, { x: x + half / 2 - 45, y: lower - 4, scale: 0.16, color: rgb(0.1, 0.12, 0.35) });
    paragraph(canvas, name, lower - 56, { ...centred, size: 12.5, x, width: half });
  };
  signer('NGƯỜI ĐO VẼ', 'Đỗ Minh Hoạ', { x: page.left, hand: 'surveyor' });
  signer('NGƯỜI KIỂM TRA', 'Bùi Thị Ví Dụ', { x: page.left + half, hand: 'checker' });
}

const corners = [
  [20, 40],
  [300, 12],
  [352, 170],
  [318, 286],
  [140, 312],
  [38, 226],
];

/** Metres a point of the drawing, so that the polygon has the area that the papers state. */
const metresPerPoint = Math.sqrt(12_450 / areaOf(corners));

function areaOf(polygon) {
  const doubled = polygon.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = polygon[(index + 1) % polygon.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(doubled) / 2;
}

/** The length of a side in metres, with the Vietnamese decimal comma. */
function lengthText([x, y], [nextX, nextY]) {
  return (Math.hypot(nextX - x, nextY - y) * metresPerPoint).toFixed(1).replace('.', ',');
}

function drawParcel(canvas, { regular, bold, italic }, origin) {
  const at = ([x, y]) => ({ x: origin.x + x, y: origin.y + y });
  for (const [index, corner] of corners.entries()) {
    const next = corners[(index + 1) % corners.length];
    canvas.drawLine({ start: at(corner), end: at(next), thickness: 1.3 });
    const middle = [(corner[0] + next[0]) / 2, (corner[1] + next[1]) / 2];
    const metres = lengthText(corner, next);
    canvas.drawText(metres, {
      ...at([middle[0] - 10 + (170 - middle[0]) * 0.1, middle[1] + (160 - middle[1]) * 0.1]),
      size: 10,
      font: regular,
    });
    canvas.drawCircle({ ...at(corner), size: 2.6, borderWidth: 1, borderColor: rgb(0, 0, 0), color: rgb(1, 1, 1) });
    const away = [corner[0] + (corner[0] - 180) * 0.06 - 3, corner[1] + (corner[1] - 165) * 0.06 - 3];
    canvas.drawText(String(index + 1), { ...at(away), size: 11, font: bold });
  }
  canvas.drawText('87', { ...at([172, 172]), size: 18, font: bold });
  canvas.drawLine({ start: at([158, 166]), end: at([208, 166]), thickness: 0.8 });
  canvas.drawText('12450,0', { ...at([160, 150]), size: 13, font: regular });
  canvas.drawText('Đường liên xã', { ...at([110, -2]), size: 11, font: italic });
  canvas.drawText('Mương tưới', { ...at([352, 228]), size: 11, font: italic });
  canvas.drawText('thửa 86', { ...at([-20, 130]), size: 10, font: regular });
  canvas.drawText('thửa 92', { ...at([210, 312]), size: 10, font: regular });
  const north = at([392, 296]);
  canvas.drawSvgPath('M0,-30L7,12L0,4L-7,12Z', { ...north, color: rgb(0.1, 0.1, 0.1) });
  canvas.drawText('B', { x: north.x - 4, y: north.y + 34, size: 13, font: bold });
}

function drawSideTable(canvas, { regular, bold }, { x, y }) {
  const rows = [['Cạnh', 'Dài (m)']];
  for (const [index, corner] of corners.entries()) {
    const next = corners[(index + 1) % corners.length];
    rows.push([`${index + 1}–${((index + 1) % corners.length) + 1}`, lengthText(corner, next)]);
  }
  const [height, widths] = [15, [62, 78]];
  for (const [line, cells] of rows.entries()) {
    let left = x;
    for (const [column, cell] of cells.entries()) {
      const box = { x: left, y: y - (line + 1) * height, width: widths[column], height };
      canvas.drawRectangle({ ...box, borderWidth: 0.7, borderColor: rgb(0, 0, 0), opacity: 0 });
      canvas.drawText(cell, { x: left + 8, y: box.y + 4, size: 10.5, font: line === 0 ? bold : regular });
      left += widths[column];
    }
  }
}

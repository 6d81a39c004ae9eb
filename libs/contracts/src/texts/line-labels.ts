/** What stands in front of a value in a line of an appearance, as the tool on officials' desks writes it. Always Vietnamese. */
export const lineLabels = {
  signer: 'Người ký: ',
  organisation: 'Cơ quan: ',
  email: 'Email: ',
  time: 'Thời gian ký: ',
  number: 'Số: ',
  date: 'Ngày: ',
  note: '',
  text: '',
} as const;

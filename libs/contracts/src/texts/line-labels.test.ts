import { describe, expect, it } from '@jest/globals';
import { lineLabels } from './line-labels.js';

describe('the labels that are drawn on documents', () => {
  it('are those of the tool on officials’ desks, to the letter', () => {
    expect(lineLabels).toEqual({
      signer: 'Người ký: ',
      organisation: 'Cơ quan: ',
      email: 'Email: ',
      time: 'Thời gian ký: ',
      number: 'Số: ',
      date: 'Ngày: ',
      note: '',
      text: '',
    });
  });
});

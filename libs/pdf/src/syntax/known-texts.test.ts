import { expect, test } from '@jest/globals';
import { knownText } from './known-texts.js';

function texts(words: readonly string[]): string[] {
  const bytes = Buffer.from(words.join(''), 'latin1');
  let at = 0;
  return words.map((word) => {
    const text = knownText(bytes, at, at + word.length);
    at += word.length;
    return text;
  });
}

test('every text comes back as it stands, also when more are read than are kept', () => {
  const words = Array.from({ length: 5_000 }, (_, index) => `Name${index}`);
  expect(texts([...words, ...words])).toEqual([...words, ...words]);
});

test('texts that differ in one character, in case, in length or in a byte beyond ASCII stay apart', () => {
  const words = [
    'Type',
    'Typf',
    'type',
    'Typ',
    'Typee',
    '',
    'Typ\u00e9',
    'Typ\u00e8',
    'yTpe',
    'x'.repeat(32),
    'x'.repeat(33),
  ];
  expect(texts([...words, ...words.toReversed(), ...words])).toEqual([...words, ...words.toReversed(), ...words]);
});

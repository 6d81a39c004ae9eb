import { describe, expect, it } from '@jest/globals';
import { outOfWindow, Parser } from './parser.js';
import { changedKeys, sameValue } from './same-value.js';
import { Dictionary, Name, PdfArray, PdfString, type PdfValue, Reference } from './values.js';

function parse(text: string, complete = true, maxNesting = 100): PdfValue {
  return new Parser(Buffer.from(text, 'latin1'), 0, { maxNesting, complete }).value();
}

function dictionary(text: string): Dictionary {
  const value = parse(text);
  if (!(value instanceof Dictionary)) {
    throw new Error('no dictionary');
  }
  return value;
}

describe('the parser', () => {
  it('reads numbers as leniently as viewers do', () => {
    expect(['12', '-3', '+7', '.5', '-.25', '4.', '0.00-35'].map((text) => parse(text))).toEqual([
      12, -3, 7, 0.5, -0.25, 4, 0,
    ]);
  });

  it('tells a reference from two numbers', () => {
    const value = parse('[1 2 3 0 R 4 5 6]');
    expect(value instanceof PdfArray && value.items).toEqual([1, 2, new Reference(3, 0), 4, 5, 6]);
  });

  it('reads a reference with a comment inside', () => {
    expect(parse('7%x\n0 R')).toEqual(new Reference(7, 0));
  });

  it('undoes the escapes of names', () => {
    expect(parse('/A#20B#2fC')).toEqual(new Name('A B/C'));
  });

  it('decodes literal strings with escapes, octal codes, nested parentheses and ends of line', () => {
    const value = parse('(a\\(b\\)(c)\\101\\7\\\r\n\\n\r\nz)');
    expect(value instanceof PdfString && value.decoded().toString('latin1')).toBe('a(b)(c)A\x07\n\nz');
  });

  it('decodes hexadecimal strings with white space and an odd number of digits', () => {
    const value = parse('<48 65 6C\n6c 6F7>');
    expect(value instanceof PdfString && value.decoded().toString('latin1')).toBe('Hellop');
  });

  it('keeps the exact bytes of every value', () => {
    const value = dictionary('<< /A  [1  2]/B(x) /C%why\n<<  >> >>');
    const raw = (key: string): string => {
      const entry = value.entries.get(key);
      return value.bytes.toString('latin1', entry?.valueStart, entry?.valueEnd);
    };
    expect([raw('A'), raw('B'), raw('C')]).toEqual(['[1  2]', '(x)', '<<  >>']);
  });

  it('notices a key that stands twice', () => {
    expect(dictionary('<< /A 1 /A 2 >>').ambiguous).toBe(true);
    expect(dictionary('<< /A 1 /#41 2 >>').ambiguous).toBe(true);
    expect(dictionary('<< /A 1 /B 2 >>').ambiguous).toBe(false);
  });

  it.each(['12', '/Nam', '(abc', '<48', '[1 2', '<< /A 1', '<< /A 1 >', 'tru', '3 0', '<'])(
    'asks for more bytes when the window ends within %s',
    (text) => {
      let thrown: unknown;
      try {
        parse(text, false);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBe(outOfWindow);
    },
  );

  it('does not look beyond the end of the file', () => {
    expect(parse('12')).toBe(12);
    expect(parse('3 0')).toBe(3);
    expect(parse('3 0 R')).toEqual(new Reference(3, 0));
    expect(parse('/Name')).toEqual(new Name('Name'));
  });

  it.each(['(abc', '[1', '<< /A', 'nonsense', '>>', '<< 1 2 >>', '<zz>'])(
    'refuses %s at the end of the file',
    (text) => {
      expect(() => parse(text)).toThrow('DAMAGED');
    },
  );

  it('refuses nesting beyond the limit instead of exhausting the stack', () => {
    expect(() => parse('['.repeat(100_000))).toThrow('LIMIT_EXCEEDED');
    expect(() => parse('<</A'.repeat(100_000))).toThrow('LIMIT_EXCEEDED');
  });
});

describe('the comparison of values', () => {
  it('sees through white space, escapes and the order of keys', () => {
    expect(sameValue(parse('<< /A (x) /B [1 0 R] >>'), parse('<</B[1   0 R]/#41 <78>>>'))).toBe(true);
  });

  it('names the keys that differ', () => {
    expect(changedKeys(dictionary('<< /A 1 /B 2 /C 3 >>'), dictionary('<< /A 1 /B 3 /D 4 >>'))).toEqual([
      'B',
      'C',
      'D',
    ]);
  });

  it('never calls an ambiguous dictionary the same', () => {
    expect(sameValue(parse('<< /A 1 /A 1 >>'), parse('<< /A 1 /A 1 >>'))).toBe(false);
  });
});

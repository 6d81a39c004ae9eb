import { describe, expect, it } from '@jest/globals';
import * as der from './der.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (iso: string): string => der.generalizedTimeMs(new Date(iso)).subarray(2).toString('latin1');

describe('the DER writer', () => {
  it('writes lengths in the fewest octets', () => {
    expect(hex(der.octetString(Buffer.alloc(127))).slice(0, 4)).toBe('047f');
    expect(hex(der.octetString(Buffer.alloc(128))).slice(0, 6)).toBe('048180');
    expect(hex(der.octetString(Buffer.alloc(256))).slice(0, 8)).toBe('04820100');
  });
  it('writes unsigned integers without a superfluous zero and never as negative ones', () => {
    expect(hex(der.integer(0))).toBe('020100');
    expect(hex(der.integer(127))).toBe('02017f');
    expect(hex(der.integer(128))).toBe('02020080');
    expect(hex(der.unsignedInteger(Buffer.from('0000ff', 'hex')))).toBe('020200ff');
  });
  it('writes object identifiers whose second arc is above 39', () => {
    expect(hex(der.objectIdentifier('2.999.3'))).toBe('0603883703');
    expect(hex(der.objectIdentifier('1.2.840.113549'))).toBe('06062a864886f70d');
  });
  it('drops the trailing zero bits of named bits', () => {
    expect(hex(der.namedBits(0, 1))).toBe('030206c0');
    expect(hex(der.namedBits(15))).toBe('0303000001');
  });
  it('orders the elements of a SET OF', () => {
    expect(hex(der.setOf(der.integer(2), der.integer(1)))).toBe('3106020101020102');
  });
  it('writes a fraction of a second without trailing zeros', () => {
    expect(text('2026-11-22T10:20:30.120Z')).toBe('20261122102030.12Z');
    expect(text('2026-11-22T10:20:30.000Z')).toBe('20261122102030Z');
  });
});

describe('the DER reader', () => {
  it.each(['', '30', '3005', '3080', '30847fffffff00', '3081'])('refuses %p', (input) => {
    expect(() => der.readNode(Buffer.from(input, 'hex'))).toThrow(der.DerError);
  });
});

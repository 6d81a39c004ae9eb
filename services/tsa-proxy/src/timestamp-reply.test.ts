import { describe, expect, it } from '@jest/globals';
import { grantedReply } from './timestamp-reply.js';

describe('grantedReply', () => {
  it.each([
    [10, '300f3003020100'],
    [200, '3081cd3003020100'],
    [5_000, '3082138d3003020100'],
    [70_000, '30830111753003020100'],
  ])('wraps a token of %d bytes with the fewest length octets', (size, head) => {
    const reply = grantedReply(Buffer.alloc(size, 0x5a));
    expect(reply.subarray(0, head.length / 2).toString('hex')).toBe(head);
    expect(reply.length).toBe(head.length / 2 + size);
  });
});

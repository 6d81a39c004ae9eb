import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withPin } from './pin-file.js';

const same = (pin: string): string => pin;

describe('the PIN file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-pin-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const file = async (content: string, mode = 0o600): Promise<string> => {
    const path = join(folder, `pin-${Math.random()}`);
    await writeFile(path, content, { mode });
    return path;
  };
  it('gives the PIN without the newline at its end', async () => {
    expect(withPin(await file('1234'), same)).toBe('1234');
    expect(withPin(await file('1234\n'), same)).toBe('1234');
    expect(withPin(await file('1234\r\n'), same)).toBe('1234');
    expect(withPin(await file(' mật khẩu \n'), same)).toBe(' mật khẩu ');
  });

  it.each([
    ['PIN_FILE_EMPTY', '\n', 0o600],
    ['PIN_FILE_TOO_LONG', '1'.repeat(300), 0o600],
    ['PIN_FILE_READABLE_BY_OTHERS', '1234', 0o640],
  ])('is refused with %s', async (code, content, mode) => {
    const path = await file(content, mode);
    expect(() => withPin(path, same)).toThrow(code);
  });

  it('is refused when it is not there, without naming anything of it', () => {
    expect(() => withPin(join(folder, 'none'), same)).toThrow('PIN_FILE_UNREADABLE');
  });
});

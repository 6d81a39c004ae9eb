import { describe, expect, it } from '@jest/globals';
import { qpdfEncrypted } from '../testing/judges.js';
import { simplePdf } from '../testing/pdf-maker.js';
import { open, refusal } from '../testing/signing.js';

describe.each([
  ['RC4 with 40 bits', ['40']],
  ['RC4 with 128 bits', ['128', '--use-aes=n']],
  ['AES with 128 bits', ['128', '--use-aes=y']],
  ['AES with 128 bits and plain metadata', ['128', '--use-aes=y', '--cleartext-metadata']],
  ['AES with 256 bits', ['256']],
  ['AES with 256 bits as Acrobat 9 wrote it', ['256', '--force-R5']],
])('a file encrypted by %s', (_, options) => {
  it('is refused as encrypted when the empty password opens it', async () => {
    expect(await refusal(open(qpdfEncrypted(simplePdf(), '', 'owner', ...options)))).toBe('ENCRYPTED');
  });

  it('is refused as needing a password otherwise', async () => {
    expect(await refusal(open(qpdfEncrypted(simplePdf(), 'user', 'owner', ...options)))).toBe('PASSWORD_NEEDED');
  });
});

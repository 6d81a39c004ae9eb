import { describe, expect, it } from '@jest/globals';
import { createCipheriv, createHash } from 'node:crypto';
import { bufferSource, findModifications, PdfDocument, PdfError, prepareSignature } from '../index.js';
import { appendRevision, makePdf, simpleObjects, stream } from '../testing/pdf-maker.js';
import { findings, open, refusal, sign, signingTime } from '../testing/signing.js';

const hex = (bytes: Uint8Array): string => `<${Buffer.from(bytes).toString('hex')}>`;
const id = '/ID [<00112233445566778899aabbccddeeff> <00>]';

/** A document whose /Encrypt is `encrypt`, in object 50. */
function encrypted(encrypt: string, extra: ReadonlyMap<number, string> = new Map()): Buffer {
  const objects = simpleObjects();
  objects.set(50, encrypt);
  for (const [objectNumber, body] of extra) {
    objects.set(objectNumber, body);
  }
  return makePdf({ objects, trailer: `/Encrypt 50 0 R ${id}` });
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

/** Revision 5 with the empty user password: the smallest handler that can be made by hand. */
function revision5(fileKey: Buffer, flags: number, entries = ''): string {
  const [validation, salt] = [Buffer.alloc(8, 1), Buffer.alloc(8, 2)];
  const user = Buffer.concat([sha256(validation), validation, salt]);
  const lock = createCipheriv('aes-256-cbc', sha256(salt), Buffer.alloc(16)).setAutoPadding(false);
  const plain = Buffer.concat([Buffer.alloc(8, 0xff), Buffer.from('TadbXXXX')]);
  plain.writeInt32LE(flags);
  const perms = createCipheriv('aes-256-ecb', fileKey, null).setAutoPadding(false).update(plain);
  return (
    `<< /Filter /Standard /V 5 /R 5 /Length 256 /P -1 /O ${hex(Buffer.alloc(48))} /OE ${hex(Buffer.alloc(32))}` +
    ` /U ${hex(user)} /UE ${hex(lock.update(fileKey))} /Perms ${hex(perms)}` +
    ` /CF << /StdCF << /CFM /AESV3 /Length 32 >> /Odd << /CFM /Rot13 >> >> ${entries || '/StmF /StdCF /StrF /StdCF'} >>`
  );
}
const key = createHash('sha256').update('file key').digest();
const seal = (text: string): Buffer => {
  const cipher = createCipheriv('aes-256-cbc', key, Buffer.alloc(16, 7));
  return Buffer.concat([Buffer.alloc(16, 7), cipher.update(text), cipher.final()]);
};

async function outcome(pdf: Buffer): Promise<string> {
  try {
    return (await open(pdf)).encryption?.algorithm ?? 'not encrypted';
  } catch (error) {
    return error instanceof PdfError ? `${error.code}: ${error.found}` : String(error);
  }
}

const long = hex(Buffer.alloc(48));
const legacy = '/Filter /Standard /O <00> /U <00> /P -1';

describe('an /Encrypt that no password opens is refused:', () => {
  it.each([
    ['ENCRYPTED: the security handler "Adobe.PubSec"', '<< /Filter /Adobe.PubSec /V 4 /SubFilter /adbe.pkcs7.s5 >>'],
    ['ENCRYPTED: the security handler without a name', '<< /V 4 >>'],
    ['ENCRYPTED: /V 3 with /R 3 in /Encrypt', `<< ${legacy} /V 3 /R 3 >>`],
    ['ENCRYPTED: /V 5 with /R 4 in /Encrypt', `<< ${legacy} /V 5 /R 4 >>`],
    ['ENCRYPTED: /V 4 with /R 6 in /Encrypt', `<< ${legacy} /V 4 /R 6 >>`],
    ['ENCRYPTED: /V 6 with /R 7 in /Encrypt', `<< ${legacy} /V 6 /R 7 >>`],
    ['DAMAGED: something else', `<< ${legacy} /V 4 /R (4) >>`],
    ['DAMAGED: 1', `<< ${legacy} /V 1 /R 2 >>`],
    ['DAMAGED: 0', `<< /Filter /Standard /P -1 /V 5 /R 6 /O ${long} /U ${long} >>`],
    ['DAMAGED: something else', `<< /Filter /Standard /P (-1) /V 1 /R 2 /O ${long} /U ${long} >>`],
    ['DAMAGED: none', `<< ${legacy} /V 4 /R 4 /StmF /Nothing >>`],
    ['ENCRYPTED: the method "AESV3" with /V 4', `<< ${legacy} /V 4 /R 4 /StmF /A /CF << /A << /CFM /AESV3 >> >> >>`],
    ['ENCRYPTED: the method None with /V 4', `<< ${legacy} /V 4 /R 4 /StmF /A /CF << /A << >> >> >>`],
    ['DAMAGED: something else', '[]'],
    ['DAMAGED: a chain of references', '50 0 R'],
    [
      'PASSWORD_NEEDED: none, and the empty one does not open it',
      `<< /Filter /Standard /P -1 /V 5 /R 6 /O ${long} /U ${long} /OE ${long} /UE ${long} /StmF /A /CF << /A << /CFM /AESV3 >> >> >>`,
    ],
    [
      'PASSWORD_NEEDED: none, and the empty one does not open it',
      `<< /Filter /Standard /P 99999999999 /V 2 /R 3 /Length -8 /O ${long} /U ${long} >>`,
    ],
  ])('%s', async (expected, encrypt) => {
    expect(await outcome(encrypted(encrypt))).toBe(expected);
  });

  it('DAMAGED where an update leaves it out, since readers take the newest trailer', async () => {
    const pdf = encrypted(revision5(key, -1));
    expect(await outcome(pdf)).toBe('AES-256');
    expect(await outcome(appendRevision(pdf, new Map([[60, 'null']])))).toBe('DAMAGED: an update that leaves it out');
  });
});

describe('an encrypted document', () => {
  it('grants only what /Perms confirms, whatever /P says', async () => {
    expect(await refusal(sign(encrypted(revision5(key, -1))))).toBeUndefined();
    expect(await refusal(sign(encrypted(revision5(key, -1 & ~0x20))))).toBe('OWNER_FORBIDS');
  });

  it('has its strings decrypted but for /Contents of signatures, and its streams by their own crypt filter', async () => {
    const objects = new Map([
      [60, `<< /A ${hex(seal('secret'))} /B [<< /C ${hex(seal('deep'))} >>] >>`],
      [61, `<< /Type /Sig /ByteRange [0 1 2 3] /Contents <3003020105> /Name ${hex(seal('Ánh'))} >>`],
      [62, stream('plain data', '/Filter [/Crypt]')],
      [63, stream(seal('sealed data').toString('latin1'), '/Filter /Crypt /DecodeParms << /Name /StdCF >>')],
      [64, stream('odd data', '/Filter /Crypt /DecodeParms << /Name /Odd >>')],
      [65, stream(seal('by default').toString('latin1'))],
    ]);
    const { structure } = await open(encrypted(revision5(key, -1), objects));
    const text = async (objectNumber: number): Promise<string> => {
      const object = await structure.view.object(objectNumber);
      return object === undefined ? 'none' : (await structure.view.streamData(object)).toString();
    };
    const strings = async (objectNumber: number): Promise<string> => {
      const found: string[] = [];
      collect((await structure.view.object(objectNumber))?.value, found);
      return found.join(' ');
    };
    expect(await strings(60)).toBe('secret deep');
    expect(await strings(61)).toBe(`${Buffer.from('3003020105', 'hex').toString()} Ánh`);
    expect(await text(62)).toBe('plain data');
    expect(await text(63)).toBe('sealed data');
    expect(await refusal(text(64))).toBe('ENCRYPTED');
    expect(await text(65)).toBe('by default');
  });

  it('takes strings that are no whole blocks, and leaves them as they are when it is signed', async () => {
    const objects = simpleObjects({ catalog: '/Odd (not encrypted) /Empty () /Short <00112233>' });
    objects.set(50, revision5(key, -1));
    const signed = await sign(makePdf({ objects, trailer: `/Encrypt 50 0 R ${id}` }));
    const catalogs = signed.toString('latin1').match(/\/Odd \(not encrypted\) \/Empty \(\) \/Short <00112233>/g);
    expect(catalogs).toHaveLength(2);
    expect(await findings(signed)).toEqual([]);
  });

  it('is changed by an update that brings another /Encrypt', async () => {
    const signed = await sign(encrypted(revision5(key, -1)));
    const other = revision5(key, -1, '/StmF /Identity /StrF /Identity');
    const trailer = `/Encrypt 50 0 R ${id}`;
    expect(await findings(appendRevision(signed, new Map([[50, other]]), { trailer }))).toContain('ENCRYPTION_CHANGED');
    const moved = appendRevision(signed, new Map([[70, other]]), { trailer: trailer.replace('50', '70') });
    expect(await findings(moved)).toContain('ENCRYPTION_CHANGED');
    const same = appendRevision(signed, new Map([[70, 'null']]), { trailer });
    expect(await findings(same)).toEqual([]);
  });

  it('opens without a password when only its attachments are encrypted', async () => {
    const encrypt = revision5(key, -1, '/StmF /Identity /StrF /Identity /EFF /StdCF').replace(/\/U <..../, '/U <0000');
    expect(await outcome(encrypted(encrypt))).toBe('none');
    expect(await findings(await sign(encrypted(encrypt)))).toEqual([]);
  });
});

function collect(value: unknown, found: string[]): void {
  if (typeof value !== 'object' || value === null) {
    return;
  }
  if ('decoded' in value && typeof value.decoded === 'function') {
    found.push(String((value.decoded as () => Buffer).call(value)));
  } else if ('items' in value) {
    (value.items as unknown[]).forEach((item) => collect(item, found));
  } else if ('entries' in value) {
    (value.entries as Map<string, { value: unknown }>).forEach((entry) => collect(entry.value, found));
  }
}

/** A small generator (mulberry32), so that a failure can be repeated from its seed. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit);
  };
}

describe('a spoiled /Encrypt', () => {
  it('is read or refused with a PdfError, and never anything else', async () => {
    const [dictionary, names] = [
      revision5(key, -1, '/StmF /StdCF /StrF /StdCF /EFF /StdCF /EncryptMetadata false'),
      [
        '/V2',
        '/Odd',
        '/AESV2',
        '/AESV3',
        '/Identity',
        '/None',
        '-1',
        '99999999999999',
        '4',
        '2',
        '6',
        '()',
        '[50 0 R]',
        '<<>>',
        'null',
        '1.5',
        '50 0 R',
        '3 0 R',
      ],
    ];
    const outcomes = new Map<string, number>();
    for (let seed = 1; seed <= 1500; seed += 1) {
      const pick = randomFrom(seed);
      const tokens = dictionary.split(' ');
      for (let changes = 1 + pick(3); changes > 0; changes -= 1) {
        const at = 3 + pick(tokens.length - 4);
        const isBytes = tokens[at]?.startsWith('<') === true && (tokens[at]?.length ?? 0) > 60;
        tokens[at] = isBytes && pick(2) === 0 ? long : (names[pick(names.length)] ?? '');
      }
      const pdf = encrypted(
        tokens.join(' '),
        new Map([[61, `<< /Length 62 0 R >>\nstream\n${'x'.repeat(40)}\nendstream`]]),
      );
      let result = 'opened';
      try {
        const document = await PdfDocument.open(bufferSource(pdf), { limits: { deadlineMs: 2000 } });
        await document.pageCount();
        const prepared = await prepareSignature(document, { fieldName: 'S', reservedBytes: 32, signingTime });
        const again = await open(Buffer.concat([pdf, prepared.increment]));
        for (const signature of await again.signatures()) {
          await findModifications(again, signature);
        }
      } catch (error) {
        result = error instanceof PdfError ? error.code : `seed ${seed}: ${String(error)}`;
      }
      outcomes.set(result, (outcomes.get(result) ?? 0) + 1);
    }
    expect([...outcomes.keys()].filter((result) => result.startsWith('seed'))).toEqual([]);
    expect([...outcomes.keys()].sort()).toEqual(
      expect.arrayContaining(['DAMAGED', 'ENCRYPTED', 'PASSWORD_NEEDED', 'opened']),
    );
  });
});

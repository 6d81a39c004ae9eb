import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseCertificatesPem } from '@kyso/cms';
import { bufferSource, PdfError, type ByteSource } from '@kyso/pdf';
import { validatePdf, type ValidationOptions } from './index.js';

const vector = (name: string, file = 'file.pdf'): Buffer =>
  readFileSync(new URL(`../../../test/vectors/${name}/${file}`, import.meta.url));
const optionsOf = (name: string): ValidationOptions => ({
  trustAnchors: parseCertificatesPem(vector(name, 'trust.pem').toString()),
  tsaTrustAnchors: parseCertificatesPem(vector(name, 'tsa-trust.pem').toString()),
  now: new Date((JSON.parse(vector(name, 'expect.json').toString()) as { now: string }).now),
});
const validate = (pdf: Buffer, name: string, more: Partial<ValidationOptions> = {}) =>
  validatePdf(bufferSource(pdf), { ...optionsOf(name), ...more });

describe('the validation of a file', () => {
  it('shows what the law asks for', async () => {
    const { signatures, sizeBytes, validatedAt } = await validate(vector('b-lt'), 'b-lt');
    expect(sizeBytes).toBe(vector('b-lt').length);
    expect(validatedAt).toBe(optionsOf('b-lt').now.toISOString());
    expect(signatures[0]).toMatchObject({
      signer: {
        subjectName: 'Nguyễn Văn An',
        organisation: 'UBND tỉnh Hưng Yên',
        issuerName: 'CA thử nghiệm Kyso',
      },
      algorithm: 'RSA-2048 PKCS#1 v1.5 SHA-256',
      timestamp: { tsa: 'Kyso Test TSA', policy: '1.3.6.1.4.1.4146.2.3', trusted: true },
      revision: 2,
    });
    expect(signatures[0]?.bestSignatureTime).toBe(signatures[0]?.timestamp?.genTime);
  });

  it('gives the SHA-256 of the whole file when it is asked for', async () => {
    const pdf = vector('two-signers-b-lta');
    const { sha256 } = await validate(pdf, 'two-signers-b-lta', { fileDigest: true });
    expect(sha256).toBe(createHash('sha256').update(pdf).digest('hex'));
    expect(await validate(pdf, 'two-signers-b-lta')).not.toHaveProperty('sha256');
  });

  it('reads the file once for three signatures and the file digest', async () => {
    const pdf = Buffer.concat([vector('two-signers-b-lta')]);
    const inner = bufferSource(pdf);
    let longReads = 0;
    const source: ByteSource = {
      size: inner.size,
      read: (offset, length) => {
        if (length > 20_000) longReads += 1;
        return inner.read(offset, length);
      },
    };
    const report = await validatePdf(source, { ...optionsOf('two-signers-b-lta'), fileDigest: true });
    expect(report.verdict).toBe('valid');
    expect(longReads).toBe(1);
  });

  it('asks the source for evidence once per chain, with the chain from leaf to anchor', async () => {
    const asked: string[][] = [];
    const revocation = {
      evidenceFor: (chain: readonly { commonName: string }[]) => {
        asked.push(chain.map(({ commonName }) => commonName));
        return Promise.resolve({ ocspResponses: [], crls: [] });
      },
    };
    await validate(vector('b-t'), 'b-t', { revocation });
    expect(asked).toEqual([
      ['Kyso Test TSA', 'Kyso Test TSA Root'],
      ['Nguyễn Văn An', 'CA thử nghiệm Kyso', 'Kyso Test Root'],
    ]);
  });

  it('does not ask the source when the document holds the evidence', async () => {
    const revocation = { evidenceFor: () => Promise.reject(new Error('asked')) };
    expect((await validate(vector('b-lt'), 'b-lt', { revocation })).verdict).toBe('valid');
  });

  it('calls nothing invalid because a revocation source fails', async () => {
    const revocation = { evidenceFor: () => Promise.reject(new Error('down')) };
    const report = await validate(vector('b-t'), 'b-t', { revocation });
    expect(report.verdict).toBe('indeterminate');
    expect(report.signatures[0]?.subIndication).toBe('TRY_LATER');
  });
});

describe('limits of the validation', () => {
  it('throws PdfError for what is no PDF', async () => {
    await expect(validate(Buffer.from('hello'), 'b-b')).rejects.toThrow(PdfError);
  });

  it('throws PdfError for more signatures than allowed', async () => {
    const limits = { maxSignatures: 2 };
    await expect(validate(vector('two-signers-b-lta'), 'two-signers-b-lta', { limits })).rejects.toThrow(
      'LIMIT_EXCEEDED',
    );
  });

  it('throws PdfError when the deadline passes before the file is open', async () => {
    await expect(validate(vector('b-b'), 'b-b', { limits: { deadlineMs: -1 } })).rejects.toThrow('LIMIT_EXCEEDED');
  });

  it('reports the signatures that the deadline cut off, and no verdict on them', async () => {
    const inner = bufferSource(vector('b-t'));
    // The read for the hash, the only one of the whole file, stalls beyond the deadline.
    const source: ByteSource = {
      size: inner.size,
      read: async (offset, length) => {
        if (length === inner.size) await new Promise((resolve) => setTimeout(resolve, 1500));
        return inner.read(offset, length);
      },
    };
    const report = await validatePdf(source, { ...optionsOf('b-t'), limits: { deadlineMs: 1000 } });
    expect(report.verdict).toBe('indeterminate');
    expect(report.signatures[0]?.reasons.map(({ code }) => code)).toContain('DEADLINE_EXCEEDED');
  });

  it('does without a security store that is over the limit, and says so', async () => {
    const report = await validate(vector('b-lt'), 'b-lt', { limits: { maxSecurityStoreItems: 3 } });
    expect(report.verdict).toBe('indeterminate');
    expect(report.warnings.map(({ code }) => code)).toEqual(['SECURITY_STORE_LIMIT']);
  });

  it('passes on the error of a store that is down, whenever it comes', async () => {
    const inner = bufferSource(vector('b-t'));
    for (let failing = 0; failing < 8; failing += 1) {
      let reads = 0;
      const source: ByteSource = {
        size: inner.size,
        read: (offset, length) =>
          reads++ === failing ? Promise.reject(new Error('the store is down')) : inner.read(offset, length),
      };
      await expect(validatePdf(source, optionsOf('b-t'))).rejects.toThrow('the store is down');
    }
  });
});

describe('hostile bytes', () => {
  const name = 'b-lt';
  const pdf = vector(name);
  const gapStart = pdf.indexOf('/Contents <', 0, 'latin1') + 10;
  const gapEnd = pdf.indexOf('>', gapStart, 'latin1') + 1;

  it.each(Array.from({ length: 16 }, (_, index) => index))(
    'never make a file valid whose signed bytes differ (part %i)',
    async (part) => {
      for (let at = part * 23; at < pdf.length; at += 16 * 23) {
        const changed = Buffer.from(pdf);
        changed[at] = (changed[at] ?? 0) ^ 0x20;
        const report = await validate(changed, name).catch((error: unknown) => error);
        if (report instanceof Error) {
          expect(report).toBeInstanceOf(PdfError);
        } else if (at < gapStart) {
          expect((report as { verdict: string }).verdict).not.toBe('valid');
        }
      }
    },
  );

  it('end in a report or a PdfError wherever the file is cut', async () => {
    for (let end = 0; end < pdf.length; end += 397) {
      const report = await validate(pdf.subarray(0, end), name).catch((error: unknown) => error);
      if (report instanceof Error) expect(report).toBeInstanceOf(PdfError);
      else expect((report as { verdict: string }).verdict).not.toBe('valid');
    }
  });

  it('in the CMS end in a report', async () => {
    for (let at = gapStart + 1; at < gapEnd - 1; at += 37) {
      const changed = Buffer.from(pdf);
      changed[at] = changed[at] === 0x66 ? 0x30 : 0x66;
      const report = await validate(changed, name);
      expect(['valid', 'invalid', 'indeterminate']).toContain(report.verdict);
      expect(report.signatures).toHaveLength(1);
    }
  });
});

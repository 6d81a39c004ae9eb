import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkout } from '@kyso/cli';
import type { KysoClient, SigningStep } from '@kyso/client';
import { levelSchema, type Level } from '@kyso/contracts';
import { asClassic, type Structure } from './structures.js';

export const levels: readonly Level[] = levelSchema.options;

/** One cell of the matrix: a structure signed at a level, by the leader and then with the seal. */
export interface SignedCell {
  readonly structure: string;
  readonly level: Level;
  /** Absent when it was not signed. */
  readonly file?: string;
  readonly refusal?: string;
}

/** Signs a file of every structure at every level, over REST, as a portal would. */
export async function signMatrix(
  client: KysoClient,
  options: { readonly structures: readonly Structure[]; readonly sourceFile: string; readonly folder: string },
): Promise<SignedCell[]> {
  const steps = await demoSteps();
  const cells: SignedCell[] = [];
  await mkdir(options.folder, { recursive: true });
  const classicFile = join(options.folder, 'as-classic.pdf');
  await asClassic.make(options.sourceFile, classicFile);
  for (const structure of options.structures) {
    const input = join(options.folder, `${structure.name}.pdf`);
    await structure.make(classicFile, input);
    for (const level of levels) {
      const cell = { structure: structure.name, level };
      try {
        const file = join(options.folder, `${structure.name}-${level}.pdf`);
        await writeFile(
          file,
          await signTwice(
            client,
            input,
            steps.map((step) => ({ ...step, level })),
          ),
        );
        cells.push({ ...cell, file });
      } catch (error) {
        cells.push({ ...cell, refusal: error instanceof Error ? error.message : String(error) });
      }
    }
  }
  return cells;
}

/** Uploads, signs, and gives the bytes of the last version. Throws when the gateway refuses or the job fails. */
export async function signTwice(client: KysoClient, input: string, steps: readonly SigningStep[]): Promise<Uint8Array> {
  const { documentId } = await client.upload(new Uint8Array(await readFile(input)), { name: 'conformance.pdf' });
  const request = { documentId, expectedVersion: 0, steps: [...steps] };
  await client.signed(request, { idempotencyKey: randomUUID(), timeoutMs: 120_000 });
  return client.download(documentId, steps.length);
}

async function image(name: string): Promise<string> {
  return (await readFile(join(checkout, 'samples', name))).toString('base64');
}

/** The demo's two signatures: a leader's image in blue, the organisation's red seal. */
export async function demoSteps(): Promise<SigningStep[]> {
  return [
    {
      credentialId: 'leader',
      role: 'leader',
      level: 'B-B',
      placement: { page: 1, rectangle: { xPt: 300, yPt: 60, widthPt: 160, heightPt: 80 } },
      appearance: { imagePngBase64: await image('chu-ky-lanh-dao.png'), lines: ['{signerName}'], fontSizePt: 10 },
    },
    {
      credentialId: 'organisation',
      role: 'clerk',
      level: 'B-B',
      placement: { page: 1, rectangle: { xPt: 260, yPt: 60, widthPt: 80, heightPt: 80 } },
      appearance: { imagePngBase64: await image('con-dau.png'), lines: [], fontSizePt: 10 },
    },
  ];
}

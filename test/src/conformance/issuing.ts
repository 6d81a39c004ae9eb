import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import type { KysoClient, SigningStep, TemplateCreation } from '@kyso/client';
import type { Level } from '@kyso/contracts';
import { demoSteps, signTwice, type SignedCell } from './matrix.js';

/** How number and date come onto the page: into fields of the leader's version; beside the seal; with the seal on another page. */
const ways = ['prepared', 'drawn', 'last-page'] as const;
const issuedLevels: readonly Level[] = ['B-B', 'B-LT', 'B-LTA'];
const texts = [{ template: 'conformance-number' }, { template: 'conformance-date' }];

/** A decision approved and issued with number, date and seal, in every way and at three levels. */
export async function signIssued(
  client: KysoClient,
  { sourceFile, folder }: { readonly sourceFile: string; readonly folder: string },
): Promise<SignedCell[]> {
  await makeTemplates(client);
  const [approval, seal] = await demoSteps();
  if (approval === undefined || seal === undefined) throw new Error('no steps');
  const cells: SignedCell[] = [];
  for (const way of ways) {
    for (const level of issuedLevels) {
      const cell = { structure: `issued-${way}`, level };
      const steps: SigningStep[] = [
        { ...approval, level, ...(way === 'prepared' ? { prepare: { texts } } : {}) },
        {
          ...seal,
          level,
          number: '5/QĐ-UBND',
          date: '2026-02-05',
          texts,
          ...(way === 'last-page'
            ? { placement: { page: 'last', place: 'bottom-right', widthPt: 80, heightPt: 80 } }
            : {}),
        },
      ];
      try {
        const file = join(folder, `issued-${way}-${level}.pdf`);
        await writeFile(file, await signTwice(client, sourceFile, steps));
        cells.push({ ...cell, file });
      } catch (error) {
        cells.push({ ...cell, refusal: error instanceof Error ? error.message : String(error) });
      }
    }
  }
  return cells;
}

async function makeTemplates(client: KysoClient): Promise<void> {
  const common = {
    owner: { kind: 'all' as const },
    display: 'text' as const,
    fontSizePt: 13,
    widthPt: 200,
    heightPt: 20,
  };
  const templates: TemplateCreation[] = [
    {
      ...common,
      templateId: 'conformance-number',
      name: 'Số',
      type: 'outgoing-number',
      lines: [{ kind: 'number', shown: true, labelled: true }],
      place: { page: 1, xPt: 60, yPt: 790 },
    },
    {
      ...common,
      templateId: 'conformance-date',
      name: 'Ngày',
      type: 'outgoing-date',
      fontStyle: 'italic',
      lines: [{ kind: 'date', text: 'ngày {day} tháng {month} năm {year}', shown: true, labelled: false }],
      place: { page: 1, xPt: 330, yPt: 790 },
    },
  ];
  for (const template of templates) await client.ensureTemplate(template);
}

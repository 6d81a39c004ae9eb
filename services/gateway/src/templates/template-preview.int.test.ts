import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { Template } from '@kyso/contracts';
import { decode } from 'fast-png';
import type { RehearsalDrawing } from '../rehearsal/rehearsal-drawing.js';
import { presets } from './presets.js';
import type { TemplateOffice } from './template-office.js';
import { TemplatePreview } from './template-preview.js';

/** Pictures by poppler at 50 dpi; `KYSO_WRITE_GOLDEN=1` draws those that are missing. Look at them before they are committed. */
const golden = fileURLToPath(new URL('../../../test/golden/', import.meta.url));
const samples = new URL('../../../../../samples/', import.meta.url);
/** Of the ink of both pictures: other versions of poppler smooth edges a little otherwise. */
const tolerance = 0.1;

const preview = new TemplatePreview({
  office: {
    exemplaryCertificate: async () => ({
      commonName: 'Nguyễn Văn An',
      organisation: 'Uỷ ban nhân dân tỉnh Hưng Yên',
      email: 'nguyenvanan@hungyen.example',
    }),
  } as unknown as TemplateOffice,
  images: { get: async (name) => readFileSync(new URL(name, samples)) },
  drawing: {} as RehearsalDrawing,
  now: () => new Date('2026-11-22T03:04:05Z'),
});

async function draw(template: Template): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'kyso-golden-'));
  try {
    const file = join(folder, 'preview.pdf');
    writeFileSync(file, await preview.draw(template, 'pdf'));
    execFileSync('pdftoppm', ['-r', '50', '-png', '-singlefile', file, join(folder, 'page')]);
    return readFileSync(join(folder, 'page.png'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function difference(a: Buffer, b: Buffer): number {
  const [one, other] = [decode(a), decode(b)];
  expect([one.width, one.height, one.channels]).toEqual([other.width, other.height, other.channels]);
  let [differing, ink] = [0, 0];
  for (const [index, value] of one.data.entries()) {
    const compared = other.data[index] ?? 0;
    differing += Math.abs(value - compared);
    ink += 255 - value + 255 - compared;
  }
  return differing / Math.max(1, ink);
}

const templates = presets.map((preset, index): [string, Template] => {
  const { needsImage, rule: _rule, ...content } = preset;
  const file = preset.type === 'organisation' ? 'con-dau.png' : 'chu-ky-lanh-dao.png';
  const template: Template = {
    ...content,
    templateId: `preset-${index}`,
    version: 1,
    // The name of the sample stands for its hash.
    ...(needsImage ? { imageSha256: file } : {}),
    disabled: false,
    warnings: [],
    createdAt: '2026-11-22T00:00:00.000Z',
    createdBy: 'test',
  };
  return [`${preset.type}-${index}`, template];
});

describe('the appearance of each type of template', () => {
  it.each(templates)('is as it was looked at: %s', async (name, template) => {
    const drawn = await draw(template);
    const file = join(golden, `${name}.png`);
    if (!existsSync(file) && process.env['KYSO_WRITE_GOLDEN'] === '1') {
      mkdirSync(golden, { recursive: true });
      writeFileSync(file, drawn);
    }
    expect(difference(drawn, readFileSync(file))).toBeLessThan(tolerance);
  });

  it('is compared so that a missing line would show', async () => {
    const [, template] = templates.find(([name]) => name.startsWith('copy')) ?? [];
    if (template === undefined) throw new Error('no template');
    const complete = await draw(template);
    const shorter = await draw({ ...template, lines: template.lines.slice(0, -1) });
    expect(difference(complete, shorter)).toBeGreaterThan(tolerance);
  });
});

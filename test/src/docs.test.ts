import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { checkout } from '@kyso/cli';
import { describe, expect, it } from '@jest/globals';

const run = promisify(execFile);

/** Files below `folder` whose names end so, relative to the checkout; what is installed or compiled is left out. */
function filesIn(folder: string, ending: string): string[] {
  return readdirSync(join(checkout, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : filesIn(path, ending);
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

const pages = ['README.md', ...['docs', 'libs', 'services', 'samples'].flatMap((folder) => filesIn(folder, '.md'))];

/** The anchor that a forge gives to a heading: lower case, spaces as hyphens, no punctuation. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsIn(page: string): Set<string> {
  const text = readFileSync(page, 'utf8').replaceAll(/```[\s\S]*?```/g, '');
  return new Set(Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading = '']) => anchorOf(heading)));
}

/** Links of a page that lead nowhere. */
function deadLinks(page: string): string[] {
  const text = readFileSync(join(checkout, page), 'utf8').replaceAll(/```[\s\S]*?```/g, '');
  const dead: string[] = [];
  for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(link)) continue;
    const [path = '', anchor] = link.split('#', 2);
    const target = path === '' ? join(checkout, page) : resolve(checkout, dirname(page), path);
    const found = existsSync(target) && (anchor === undefined || anchorsIn(target).has(anchor));
    if (!found) dead.push(link);
  }
  return dead;
}

describe('the documentation', () => {
  it('has the tables that the code gives', async () => {
    await run(process.execPath, [join(checkout, 'docs/generate.mjs'), '--check']);
  });

  it.each(pages)('%s links to what is there', (page) => {
    expect(deadLinks(page)).toEqual([]);
  });

  it('lists every metric of our own for operators', () => {
    const operations = readFileSync(join(checkout, 'docs/operations.md'), 'utf8');
    const sources = [...filesIn('libs', '.ts'), ...filesIn('services', '.ts')].filter((file) => !file.includes('test'));
    const metrics = sources.flatMap((file) =>
      Array.from(
        readFileSync(join(checkout, file), 'utf8').matchAll(/name: '(kyso_[a-z_]+)'/g),
        ([, name = '']) => name,
      ),
    );
    expect(metrics.length).toBeGreaterThan(5);
    expect(metrics.filter((name) => !operations.includes(name))).toEqual([]);
  });

  it('indexes every decision', () => {
    const index = readFileSync(join(checkout, 'docs/README.md'), 'utf8');
    const decisions = filesIn('docs/decisions', '.md').map((file) => file.replace('docs/', ''));
    expect(decisions.length).toBeGreaterThan(0);
    expect(decisions.filter((file) => !index.includes(`](${file})`))).toEqual([]);
  });
});

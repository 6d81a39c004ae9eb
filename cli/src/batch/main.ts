import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { KysoClient, type BatchRequest } from '@kyso/client';
import { checkout } from '../cluster.js';
import { ProgressLine } from './progress-line.js';
import { runBatch } from './run-batch.js';

const usage = `usage: ./kyso batch FOLDER --credential ID [--role leader] [--level B-T] [--template ID] [--policy NAME]
                    [--steps FILE.json] [--from HH:MM --until HH:MM] [--priority 5] [--out FOLDER/signed]
                    [--url URL --key-file FILE]
--steps replaces --credential, --role, --level and --template: a JSON array of SigningStep. Without --url: the cluster of ./kyso up.
`;

/** Where the gateway is and the key for it: what was said, or the cluster of ./kyso up. Never a key on the command line. */
async function doorOf(
  options: { url?: string | undefined; 'key-file'?: string | undefined },
  callerDir: string,
): Promise<{ baseUrl: string; apiKey: string }> {
  const { url, 'key-file': keyFile } = options;
  if (url !== undefined && keyFile !== undefined) {
    return { baseUrl: url, apiKey: (await readFile(resolve(callerDir, keyFile), 'utf8')).trim() };
  }
  if (url !== undefined || keyFile !== undefined) throw new Error('expected --url and --key-file together');
  const state = await readFile(join(checkout, 'var/up.json'), 'utf8').catch(() => undefined);
  if (state === undefined) throw new Error('expected a cluster of ./kyso up, or --url and --key-file');
  return JSON.parse(state) as { baseUrl: string; apiKey: string };
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      credential: text,
      role: { ...text, default: 'leader' },
      level: text,
      template: text,
      policy: text,
      steps: text,
      from: text,
      until: text,
      priority: { ...text, default: '5' },
      out: text,
      url: text,
      'key-file': text,
    },
  });
  const [given] = positionals;
  if (given === undefined || (values.credential === undefined) === (values.steps === undefined)) {
    process.stderr.write(usage);
    return 2;
  }
  const callerDir = process.env['KYSO_CALLER_DIR'] ?? process.cwd();
  const folder = resolve(callerDir, given);
  const { credential, role, level, template, policy, from, until } = values;
  const step = { credentialId: credential, role, ...(level && { level }), ...(template && { template }) };
  // What is wrong in it the gateway says.
  const steps = (
    values.steps === undefined ? [step] : JSON.parse(await readFile(resolve(callerDir, values.steps), 'utf8'))
  ) as BatchRequest['steps'];
  const request = {
    steps,
    priority: Number(values.priority),
    ...(policy && { policy }),
    ...(from && until && { window: { from, until } }),
  } as Omit<BatchRequest, 'source'>;
  const client = new KysoClient(await doorOf(values, callerDir));
  const out = values.out === undefined ? join(folder, 'signed') : resolve(callerDir, values.out);
  const { batch, refused } = await runBatch(client, { folder, out, request }, new ProgressLine(process.stderr));
  const { completed, failed, cancelled } = batch.items;
  process.stdout.write(
    `${batch.batchId} ${batch.status}: ${completed} signed, ${failed} failed, ${cancelled} cancelled\n`,
  );
  for (const { code, count, messageVi, messageEn, found } of batch.failures) {
    process.stdout.write(
      `  ${count} × ${code}: ${messageVi} / ${messageEn}${found === undefined ? '' : ` (${found})`}\n`,
    );
  }
  for (const { reference, failure } of refused) {
    process.stdout.write(`  ${reference}: ${failure.code}: ${failure.messageVi} / ${failure.messageEn}\n`);
  }
  process.stdout.write(`${out}\n`);
  return completed === batch.items.total && refused.length === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`kyso batch: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  },
);

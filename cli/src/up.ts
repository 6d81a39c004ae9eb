import { writeFile } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, startCluster, type Cluster } from './cluster.js';
import { openShop } from './shop.js';

const stateFile = join(checkout, 'var/up.json');

async function writeState(cluster: Cluster): Promise<void> {
  const state = {
    baseUrl: cluster.baseUrl,
    apiKey: cluster.apiKey,
    credentials: cluster.sandbox.credentials.map(({ credentialId, kind, subjectName, token }) => ({
      credentialId,
      kind,
      subjectName,
      token,
    })),
    trustAnchorsFile: cluster.sandbox.trustAnchorsFile,
    tsaTrustAnchorsFile: cluster.sandbox.tsaTrustAnchorsFile,
    processes: cluster.processes(),
  };
  await writeFile(stateFile, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
}

async function main(): Promise<number> {
  let running: Cluster | undefined;
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  const say = (text: string): void => {
    process.stdout.write(`${new Date().toISOString()}  ${text}\n`);
    if (running !== undefined) void writeState(running);
  };
  const cluster = await startCluster({ folder: join(checkout, 'var/up'), say });
  running = cluster;
  try {
    await openShop(cluster);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  say('templates of the shop: GET /v1/templates');
  await writeState(cluster);
  process.stdout.write(
    [
      '',
      `Swagger      ${cluster.baseUrl}/docs   (user: any, password: the API key)`,
      `API key      ${cluster.apiKey}`,
      `State        ${stateFile}`,
      '',
      'Try it:',
      `curl -sS -H 'Authorization: Bearer ${cluster.apiKey}' -H 'Content-Type: application/pdf' --data-binary @${join(checkout, 'samples/quyet-dinh.pdf')} '${cluster.baseUrl}/v1/documents?name=quyet-dinh.pdf'`,
      '',
      'Ctrl-C stops everything.',
      '',
    ].join('\n'),
  );
  await stopped;
  process.stdout.write('stopping\n');
  await cluster.stop();
  rmSync(stateFile, { force: true });
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`kyso up: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);

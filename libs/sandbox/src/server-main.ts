// The sandbox server as a process of its own: node server-main.js --folder DIR --port N [--host ADDRESS]
// Prints one JSON line when it listens; SIGTERM or SIGINT ends it.
import { parseArgs } from 'node:util';
import { layout } from './folder.js';
import { openSandbox } from './sandbox.js';
import { startSandboxServer } from './server.js';

const { values } = parseArgs({
  options: { folder: { type: 'string' }, port: { type: 'string' }, host: { type: 'string', default: '127.0.0.1' } },
});
const port = Number(values.port);
if (values.folder === undefined || !Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write('expected --folder DIR --port N\n');
  process.exit(2);
}
const sandbox = await openSandbox(values.folder);
const server = await startSandboxServer(sandbox, { host: values.host, port });
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    void server.close().then(() => process.exit(0));
  });
const { baseUrl, tsaUrl } = server;
const controlTokenFile = layout.controlToken(sandbox.folder);
process.stdout.write(
  `${JSON.stringify({ event: 'listening', baseUrl, tsaUrl, controlTokenFile, pid: process.pid })}\n`,
);

import { readArguments, type BenchArguments } from './arguments.js';
import { benchBulk } from './bulk.js';
import { benchCluster } from './cluster.js';
import { benchMemory } from './memory.js';
import { benchPrepare } from './prepare.js';
import { benchSign } from './sign.js';
import { benchTokens } from './tokens.js';
import { benchVerify } from './verify.js';

const benches: Readonly<Record<string, (args: BenchArguments) => Promise<void>>> = {
  sign: benchSign,
  prepare: benchPrepare,
  cluster: benchCluster,
  bulk: benchBulk,
  memory: benchMemory,
  tokens: benchTokens,
  verify: benchVerify,
};

const [name = '', ...rest] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  process.stderr.write(
    `usage: ./kyso bench ${Object.keys(benches).join('|')} [--pdf FILE] [--image FILE] [--rounds N] [--documents N] [--levels B-B,B-T]\n`,
  );
  process.exit(2);
}
bench(readArguments(rest)).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(
      `kyso bench ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exit(1);
  },
);

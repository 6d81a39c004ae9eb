import { resolve } from 'node:path';
import {
  AuditUses,
  accountForUses,
  environmentName,
  readStoreSettings,
  storeConfigShape,
  verifyAudit,
  type AccountedUse,
  type StoreSettings,
} from '@kyso/service';
import { openStore, storedUseRecords } from '@kyso/storage';
import { stat } from 'node:fs/promises';

const usage = `usage: ./kyso audit LOG… [--store FOLDER] [--all]
The store: --store, or KYSO_STORE_FOLDER or the KYSO_S3_… variables as the signers have them.
`;

interface Arguments {
  readonly logs: readonly string[];
  readonly store: string | undefined;
  /** Also the uses that were released. */
  readonly all: boolean;
}

function readArguments(args: readonly string[]): Arguments {
  const logs: string[] = [];
  let store: string | undefined;
  let all = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--all') all = true;
    else if (arg === '--store') {
      store = args[++i];
      if (store === undefined) throw new Error('--store: expected a folder');
    } else if (arg.startsWith('--')) throw new Error(`unknown option ${arg}`);
    else logs.push(arg);
  }
  return { logs, store, all };
}

/** From the option, else from the environment of this process. */
async function storeSettings(folder: string | undefined, environment: NodeJS.ProcessEnv): Promise<StoreSettings> {
  if (folder === undefined) {
    const fields = Object.entries(storeConfigShape).map(([field, schema]) => {
      const value = environment[environmentName(field)];
      return [field, schema.parse(value === '' ? undefined : value)];
    });
    return readStoreSettings(Object.fromEntries(fields) as Parameters<typeof readStoreSettings>[0]);
  }
  // A store that is not there would be made, and everything in the logs would look as if it were gone.
  if (!(await stat(folder)).isDirectory()) throw new Error(`--store: expected a folder, found a file at ${folder}`);
  return { folder };
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const suspicious = (use: AccountedUse): boolean => use.fate === 'unexplained' || use.fate === 'gone';

async function main(): Promise<number> {
  const { logs, store: folder, all } = readArguments(process.argv.slice(2));
  if (logs.length === 0) {
    process.stderr.write(usage);
    return 2;
  }
  const callerDir = process.env['KYSO_CALLER_DIR'] ?? process.cwd();
  const settings = await storeSettings(folder === undefined ? undefined : resolve(callerDir, folder), process.env);
  const audit = new AuditUses();
  let isInOrder = true;
  for (const log of logs) {
    const verdict = await verifyAudit(resolve(callerDir, log), (entry) => audit.add(entry, log));
    if (!verdict.intact) isInOrder = false;
    print({ log, ...verdict });
  }
  const { uses, releasedWithoutUse } = await accountForUses(audit, storedUseRecords(await openStore(settings)));
  const fates: Record<string, number> = {};
  for (const use of uses) {
    fates[use.fate] = (fates[use.fate] ?? 0) + 1;
    if (all || use.fate !== 'released') print(use);
    if (suspicious(use)) isInOrder = false;
  }
  for (const release of releasedWithoutUse) print({ fate: 'released-without-use', ...release });
  for (const entry of audit.unreadable) print({ fate: 'unreadable-entry', ...entry });
  if (releasedWithoutUse.length > 0 || audit.unreadable.length > 0) isInOrder = false;
  print({
    uses: uses.length,
    ...fates,
    releasedWithoutUse: releasedWithoutUse.length,
    unreadableEntries: audit.unreadable.length,
    inOrder: isInOrder,
  });
  return isInOrder ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`kyso audit: ${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  },
);

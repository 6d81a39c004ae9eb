import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { judge } from '../judges/judges.js';
import type { Random } from '../random.js';
import type { StoredDocument } from './documents-check.js';
import { persistently } from './persistently.js';
import type { World } from './world.js';

/** Evidence of revocation that could not be had while it was broken is not asked for again at once: the verdict may still change. */
class StillIndeterminate extends Error {}
/** So long before the end what is still indeterminate is taken as it is. */
const settledMs = 40_000;

/** Our own validation looks at every document, pdfsig, qpdf and openssl at some. */
export async function checkOutputs(
  world: World,
  what: { readonly documents: readonly StoredDocument[]; readonly judged: number; readonly random: Random },
  complain: (what: string) => void,
): Promise<void> {
  const signed = what.documents.filter(({ releases }) => releases.length > 0);
  const end = performance.now() + 60_000;
  for (const { documentId, releases } of signed) {
    const report = await persistently(
      async () => {
        const answer = await world.client.verify(documentId);
        if (answer.verdict === 'indeterminate' && performance.now() < end - settledMs) throw new StillIndeterminate();
        return answer;
      },
      () => end,
    ).catch((error: unknown) => complain(`${documentId} can't be verified: ${String(error)}`));
    if (report === undefined) continue;
    const { verdict, signatures } = report;
    if (verdict !== 'valid' || signatures.length !== releases.length) {
      const why = signatures.flatMap(({ reasons }) => reasons.map(({ code }) => code)).join(', ');
      complain(
        `${documentId} is ${verdict} (${why}), with ${signatures.length} signatures instead of ${releases.length}`,
      );
    }
  }
  const { folder, sandbox } = world.parts.cluster;
  for (let n = 0; n < Math.min(what.judged, signed.length); n++) {
    const { documentId, versions, releases } = what.random.pick(signed);
    const file = join(folder, 'logs', `${documentId}.pdf`);
    await writeFile(file, versions.at(-1) ?? '');
    const anchors = { signers: sandbox.trustAnchorsFile, tsa: sandbox.tsaTrustAnchorsFile };
    try {
      const said = await judge(file, anchors);
      const stamped = releases.filter(({ result }) => result.level !== 'B-B').length;
      if (
        said.signatures !== releases.length ||
        said.timestamps !== stamped ||
        /not verified|invalid/i.test(said.pdfsig)
      ) {
        complain(`${documentId}: ${said.signatures} signatures, ${said.timestamps} time-stamps; ${said.pdfsig}`);
      }
    } catch (error) {
      complain(`${documentId} is refused by a judge: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await rm(file, { force: true });
    }
  }
}

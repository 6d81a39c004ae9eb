import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { rounded } from './figures.js';

/** What V8 writes with --cpu-prof; times in microseconds. */
const profileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.int(),
      callFrame: z.object({ functionName: z.string(), url: z.string() }),
      children: z.array(z.int()).optional(),
    }),
  ),
  startTime: z.number(),
  samples: z.array(z.int()),
  timeDeltas: z.array(z.number()),
});
type Profile = z.infer<typeof profileSchema>;
type ProfileNode = Profile['nodes'][number];

/** Arguments of a Node process that is to write its profile into a folder when it ends. */
export function profileArguments(folder: string): readonly string[] {
  return ['--cpu-prof', '--cpu-prof-interval', '500', '--cpu-prof-dir', folder];
}

/** Now, as profiles count it: microseconds of the system's monotonic clock. */
export function profileNow(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** Rooms below this share of a document's time are told together. */
const smallestMs = 0.02;

/**
 * Milliseconds of the event loop for each document, by room: the folder of a library or a service, or the package, whose code
 * the loop was in, or that called Node. Reads the one profile of the folder, in the time between two marks (`profileNow`).
 */
export async function roomsOfProfile(
  folder: string,
  { fromUs, toUs, documents }: { readonly fromUs: number; readonly toUs: number; readonly documents: number },
): Promise<Readonly<Record<string, number>>> {
  const [file] = await readdir(folder);
  if (file === undefined) throw new Error(`no profile in ${folder}`);
  const profile = profileSchema.parse(JSON.parse(await readFile(join(folder, file), 'utf8')));
  const roomOf = roomsOfNodes(profile);
  const micros = new Map<string, number>();
  let at = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    at += profile.timeDeltas[index] ?? 0;
    const room = roomOf.get(id);
    if (room === undefined || room === '(idle)' || at < fromUs || at > toUs) continue;
    micros.set(room, (micros.get(room) ?? 0) + (profile.timeDeltas[index + 1] ?? 0));
  }
  const rooms: Record<string, number> = {};
  let rest = 0;
  for (const [room, time] of [...micros].toSorted(([, a], [, b]) => b - a)) {
    const ms = time / 1_000 / documents;
    if (ms < smallestMs) rest += ms;
    else rooms[room] = rounded(ms);
  }
  return { ...rooms, others: rounded(rest) };
}

/** A node's room: its own file's, or of the nearest caller that has one. */
function roomsOfNodes({ nodes }: Profile): ReadonlyMap<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callers = new Map<number, ProfileNode>();
  for (const node of nodes) for (const child of node.children ?? []) callers.set(child, node);
  return new Map(
    nodes.map((node) => {
      for (let one: ProfileNode | undefined = node; one !== undefined; one = callers.get(one.id)) {
        const room = roomOfUrl(one.callFrame.url);
        if (room !== undefined) return [node.id, room];
      }
      const { functionName, url } = byId.get(node.id)?.callFrame ?? node.callFrame;
      return [node.id, url.startsWith('node:') ? 'node' : functionName];
    }),
  );
}

function roomOfUrl(url: string): string | undefined {
  const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (inPackage !== undefined) return inPackage;
  const [, part, path] = /\/((?:libs|services)\/[^/]+)\/dist\/(?:src\/)?(.*)$/.exec(url) ?? [];
  if (part === undefined || path === undefined) return undefined;
  const folder = path.includes('/') ? `/${path.slice(0, path.indexOf('/'))}` : '';
  return part + folder;
}

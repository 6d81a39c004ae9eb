import type { Cluster } from '@kyso/cli';
import { rounded } from './figures.js';
import { processCpu, type ProcessCpu } from './process-figures.js';

/** Milliseconds of CPU for each document. */
type CpuMs = Readonly<Record<keyof ProcessCpu, number>>;

/** What some work of a cluster took. */
export interface ClusterWork {
  readonly seconds: number;
  /** By process, with its children. */
  readonly cpuMsPerDocument: Readonly<Record<string, number>>;
  /** Of the processes that use more than a tenth of a millisecond, by who used it. */
  readonly cpuMsByThread: Readonly<Record<string, CpuMs>>;
}

/** Does the work, which is for `count` documents, and looks what it cost. */
export async function measureCluster(
  cluster: Cluster,
  count: number,
  work: () => Promise<unknown>,
): Promise<ClusterWork> {
  const processes = cluster.processes();
  const before = await Promise.all(processes.map(({ pid }) => processCpu(pid)));
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1_000;
  const cpuMsPerDocument: Record<string, number> = {};
  const cpuMsByThread: Record<string, CpuMs> = {};
  for (const [i, { name, pid }] of processes.entries()) {
    const after = await processCpu(pid);
    const msOf = (part: keyof ProcessCpu): number => ((after[part] - (before[i]?.[part] ?? 0)) * 1_000) / count;
    const parts = {
      main: msOf('main'),
      threadsUser: msOf('threadsUser'),
      threadsSystem: msOf('threadsSystem'),
      children: msOf('children'),
    };
    const all = parts.main + parts.threadsUser + parts.threadsSystem + parts.children;
    cpuMsPerDocument[name] = rounded(all);
    if (all < 0.1) continue;
    cpuMsByThread[name] = {
      main: rounded(parts.main),
      threadsUser: rounded(parts.threadsUser),
      threadsSystem: rounded(parts.threadsSystem),
      children: rounded(parts.children),
    };
  }
  return { seconds, cpuMsPerDocument, cpuMsByThread };
}

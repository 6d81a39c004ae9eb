import { readdir, readFile } from 'node:fs/promises';

/** Clock ticks a second of /proc (USER_HZ): 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;
/** Of x86-64 and arm64 as distributions set them up. */
const pageBytes = 4_096;

/** CPU seconds (user and system), by who used them. */
export interface ProcessCpu {
  /** The thread that runs the event loop. */
  readonly main: number;
  /** User time of the process's other threads: garbage collection, compiling, OpenSSL. */
  readonly threadsUser: number;
  /** System time of the other threads: mostly files. */
  readonly threadsSystem: number;
  /** Processes that it started and that live, such as the hosts of tokens. */
  readonly children: number;
}

/** CPU of a process and of its children, by pid. Threads that have ended count as others. Linux only: reads /proc. */
export async function processCpu(pid: number): Promise<ProcessCpu> {
  const all = await cpuOf(`/proc/${pid}`);
  const main = await cpuOf(`/proc/${pid}/task/${pid}`);
  let children = 0;
  for (const child of await childrenOf(pid)) children += await cpuSeconds(child);
  return {
    main: main.user + main.system,
    threadsUser: all.user - main.user,
    threadsSystem: all.system - main.system,
    children,
  };
}

/** CPU seconds of a process and of its children that live, by pid. Linux only: reads /proc. */
export async function cpuSeconds(pid: number): Promise<number> {
  const { main, threadsUser, threadsSystem, children } = await processCpu(pid);
  return main + threadsUser + threadsSystem + children;
}

/** From the fields of `stat` after the command name, which may hold spaces and brackets. */
async function cpuOf(folder: string): Promise<{ readonly user: number; readonly system: number }> {
  const stat = await readFile(`${folder}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[11]) / ticksPerSecond, system: Number(fields[12]) / ticksPerSecond };
}

/** Resident memory of a process and of its children that live, by pid. Linux only: reads /proc. */
export async function residentMiB(pid: number): Promise<number> {
  const pages = Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1]);
  let total = (pages * pageBytes) / 1_048_576;
  for (const child of await childrenOf(pid)) total += await residentMiB(child);
  return total;
}

async function childrenOf(pid: number): Promise<number[]> {
  const children: number[] = [];
  for (const task of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '');
    for (const child of text.split(' ')) if (child.trim() !== '') children.push(Number(child));
  }
  return children;
}

import { readdir, readFile } from 'node:fs/promises';

/** Clock ticks a second of /proc (USER_HZ): 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** CPU seconds (user and system) of a process and of its children that live, by pid. Linux only: reads /proc. */
export async function cpuSeconds(pid: number): Promise<number> {
  let total = await ownCpuSeconds(pid);
  for (const child of await childrenOf(pid)) total += await cpuSeconds(child);
  return total;
}

async function ownCpuSeconds(pid: number): Promise<number> {
  const fields = await statFields(pid);
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** The fields of /proc/PID/stat after the command name, which may hold spaces and brackets. */
async function statFields(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

async function childrenOf(pid: number): Promise<number[]> {
  const children: number[] = [];
  for (const task of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '');
    for (const child of text.split(' ')) if (child.trim() !== '') children.push(Number(child));
  }
  return children;
}

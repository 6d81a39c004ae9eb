import { spawn } from 'node:child_process';

/** What a program of someone else said. */
export interface ProgramRun {
  /** undefined: ended by a signal. */
  readonly status: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** Why there is no answer to judge by: out of time, more output than is kept, or a crash. */
  readonly trouble: string | undefined;
}

/** What is kept of an answer; the text of a document of 20,000 pages is smaller. */
const maxOutputBytes = 256 * 1024 * 1024;
const maxComplaintBytes = 1024 * 1024;

/** Runs a program without a shell; it is killed when its time is over. Throws where it isn't installed. */
export function runProgram(name: string, args: readonly string[], deadlineMs: number): Promise<ProgramRun> {
  return new Promise((resolve, reject) => {
    // Messages in English and numbers with a full stop, whatever the machine speaks.
    const env = { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
    const child = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    const output: Buffer[] = [];
    const complaints: Buffer[] = [];
    let [outputBytes, complaintBytes] = [0, 0];
    let trouble: string | undefined;
    const stop = (why: string): void => {
      trouble ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => stop(`${name} gave no answer within ${deadlineMs / 1000} s`), deadlineMs);
    child.stdout.on('data', (chunk: Buffer) => {
      outputBytes += chunk.length;
      if (outputBytes > maxOutputBytes) stop(`${name} printed more than ${maxOutputBytes} bytes`);
      else output.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaintBytes += chunk.length;
      if (complaintBytes <= maxComplaintBytes) complaints.push(chunk);
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      if (signal !== null) trouble ??= `${name} crashed with ${signal}`;
      resolve({
        status: status ?? undefined,
        stdout: Buffer.concat(output),
        stderr: Buffer.concat(complaints).toString('utf8'),
        trouble,
      });
    });
  });
}

/** Programs that the judges are, and the Debian packages that they come from. */
const judges = new Map([
  ['qpdf', 'qpdf'],
  ['pdfsig', 'poppler-utils'],
  ['pdftotext', 'poppler-utils'],
  ['pdftoppm', 'poppler-utils'],
  ['pdfinfo', 'poppler-utils'],
]);

/** Debian packages without which no file can be judged. */
export async function missingPackages(): Promise<string[]> {
  const missing = new Set<string>();
  for (const [program, debianPackage] of judges) {
    await runProgram(program, [program === 'qpdf' ? '--version' : '-v'], 20_000).catch(() =>
      missing.add(debianPackage),
    );
  }
  return [...missing];
}

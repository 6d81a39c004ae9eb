/**
 * Main of a token host: the only process that loads the PKCS#11 module of one token and the only one that sees its PIN.
 * It is forked by TokenHost and lives no longer than its parent. It logs nothing: what a module prints might be a PIN
 * (pkcs11-spy does that), so the parent throws its output away, and it says what went wrong by message.
 */
import { Worker } from 'node:worker_threads';
import { LaneQueue } from './lane-queue.js';
import { Pkcs11Token } from './pkcs11-token.js';
import { TokenFault, toTokenFault } from './pkcs11-errors.js';
import type { FromTokenHost, TokenSignRequest, TokenSignResult, ToTokenHost } from './token-host-messages.js';

/** Results wait for others at most this long before they are sent together. */
const batchForMs = 4;

let token: Pkcs11Token | undefined;
let mode: 'usb' | 'hsm' = 'usb';
let stopping = false;
let pumping = false;
let flushing = false;
/** When each session began what it signs now, monotonic milliseconds. */
const begunMs = new Map<number, number>();
const waiting = new LaneQueue<TokenSignRequest>();
const idleLanes: number[] = [];
let results: TokenSignResult[] = [];

function send(message: FromTokenHost): void {
  // The parent may be gone; then this process ends by 'disconnect'.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function flush(): void {
  flushing = false;
  if (results.length === 0) return;
  send({ kind: 'signed', results });
  results = [];
}

function failed(id: number, error: unknown): TokenSignResult {
  const fault = toTokenFault(error);
  return { id, error: { code: fault.code, scope: fault.scope, mayHaveSigned: fault.mayHaveSigned } };
}

/** mode usb: one after the other on this thread, back to the event loop after every batch. */
function pumpSync(): void {
  pumping = false;
  if (token === undefined) return;
  const startedAt = performance.now();
  for (;;) {
    const request = waiting.shift();
    if (request === undefined) break;
    try {
      results.push({ id: request.id, signature: token.sign(request.keyId, request.mechanism, request.input) });
    } catch (error) {
      results.push(failed(request.id, error));
    }
    if (performance.now() - startedAt >= batchForMs) break;
  }
  flush();
  if (waiting.size > 0) schedulePump();
  else finishIfStopping();
}

/** mode hsm: as many at a time as there are sessions, each on a thread of libuv's pool. */
function pumpAsync(): void {
  pumping = false;
  if (token === undefined) return;
  for (;;) {
    const lane = idleLanes.pop();
    if (lane === undefined) return;
    const request = waiting.shift();
    if (request === undefined) {
      idleLanes.push(lane);
      return;
    }
    begunMs.set(lane, performance.now());
    void signOn(token, lane, request);
  }
}

async function signOn(used: Pkcs11Token, lane: number, request: TokenSignRequest): Promise<void> {
  let result: TokenSignResult;
  try {
    result = { id: request.id, signature: await used.signAsync(lane, request) };
  } catch (error) {
    result = failed(request.id, error);
  }
  // Only now: `results` may have become another array while this waited.
  results.push(result);
  begunMs.delete(lane);
  idleLanes.push(lane);
  if (!flushing) {
    flushing = true;
    setImmediate(flush);
  }
  pumpAsync();
  finishIfStopping();
}

/** One session of several may hang while the others answer: only a new process helps. In mode usb the parent notices. */
function watchSessions(signTimeoutMs: number): void {
  let overdueTicks = 0;
  const tick = (): void => {
    const now = performance.now();
    const isOverdue = [...begunMs.values()].some((ms) => now - ms > signTimeoutMs);
    // Two ticks, so that answers that wait behind a busy event loop count.
    overdueTicks = isOverdue ? overdueTicks + 1 : 0;
    if (overdueTicks === 2) send({ kind: 'failed', code: 'SIGN_TIMEOUT' });
  };
  setInterval(tick, Math.min(500, Math.max(20, signTimeoutMs / 10))).unref();
}

function schedulePump(): void {
  if (pumping) return;
  pumping = true;
  setImmediate(mode === 'usb' ? pumpSync : pumpAsync);
}

/** C_Finalize only when nothing is in flight, and then the end. */
function finishIfStopping(): void {
  if (!stopping || begunMs.size > 0 || waiting.size > 0) return;
  flush();
  try {
    token?.close();
  } catch {
    // It ends here anyway.
  }
  process.disconnect();
}

const pinWarnings = new Set(['PIN_COUNT_LOW', 'PIN_FINAL_TRY', 'PIN_LOCKED']);

function login({ pinFile, despiteCountLow }: Extract<ToTokenHost, { kind: 'login' }>): void {
  if (token === undefined) return;
  try {
    token.login(pinFile, { despiteCountLow });
  } catch (error) {
    return sendLoginFault(error);
  }
  for (let lane = token.laneCount - 1; lane >= 0; lane--) idleLanes.push(lane);
  send({ kind: 'logged-in' });
}

function sendLoginFault(error: unknown): void {
  const { code } = toTokenFault(error);
  if (code === 'CKR_PIN_INCORRECT') send({ kind: 'login-refused', reason: 'PIN_INCORRECT' });
  else if (code === 'CKR_PIN_LOCKED' || pinWarnings.has(code)) {
    send({ kind: 'login-refused', reason: code.replace('CKR_', '') as 'PIN_LOCKED' });
  } else send({ kind: 'login-failed', code });
}

/**
 * C_Login, the signatures, C_Logout, without a gap in which anybody else could sign. The parent ends this process afterwards,
 * and the PIN with it.
 */
async function signActivated(message: Extract<ToTokenHost, { kind: 'sign-activated' }>): Promise<void> {
  const host = token;
  if (host === undefined) return;
  const { despiteCountLow, requests } = message;
  let pin: string;
  try {
    // Only hosts that open sealed PINs load what that takes.
    const { openSealedPin } = await import('./sealed-pin.js');
    pin = await openSealedPin(message, new Date());
  } catch (error) {
    return send({ kind: 'activation-refused', code: error instanceof TokenFault ? error.code : 'SEAL_INVALID' });
  }
  try {
    host.loginWith((use) => use(pin), { despiteCountLow, forEachUse: true });
  } catch (error) {
    return sendLoginFault(error);
  }
  const signed: TokenSignResult[] = [];
  for (const request of requests) {
    try {
      signed.push({ id: request.id, signature: host.sign(request.keyId, request.mechanism, request.input) });
    } catch (error) {
      // A key with a PIN of its own: it counts its tries as well.
      if (toTokenFault(error).code === 'CKR_PIN_INCORRECT') return sendLoginFault(error);
      signed.push(failed(request.id, error));
    }
  }
  try {
    host.logout();
  } catch {
    // The process ends, and the login with it.
  }
  send({ kind: 'signed-activated', results: signed });
}

function open(message: Extract<ToTokenHost, { kind: 'open' }>): void {
  mode = message.address.mode;
  try {
    token = Pkcs11Token.open(message.address);
    if (mode === 'hsm') watchSessions(message.signTimeoutMs);
    const pinWarning = token.pinWarning();
    send({ kind: 'opened', ...(pinWarning === undefined ? {} : { pinWarning }) });
  } catch (error) {
    send({ kind: 'absent', code: toTokenFault(error).code });
  }
}

/** On a session of its own, between two signatures of this thread. Signing goes on, whatever becomes of it. */
function readContent(): void {
  try {
    if (token !== undefined) send({ kind: 'content', content: token.content() });
  } catch (error) {
    send({ kind: 'content', content: { unreadable: toTokenFault(error).code } });
  }
}

process.on('message', (message: ToTokenHost) => {
  switch (message.kind) {
    case 'open':
      return open(message);
    case 'login':
      return login(message);
    case 'sign':
      for (const request of message.requests) waiting.add(request);
      return schedulePump();
    case 'sign-activated':
      return void signActivated(message);
    case 'read-content':
      return readContent();
    case 'stop':
      stopping = true;
      return finishIfStopping();
  }
});

new Worker(new URL('./orphan-watch.js', import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: 8 } }).unref();

// Without its parent nobody wants its signatures. SIGKILL: with work in flight, a module's exit handlers crash.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// Ctrl-C in a terminal reaches the whole process group; the parent decides about the order of stopping.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('uncaughtException', (error) => {
  send({ kind: 'failed', code: toTokenFault(error).code });
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);
});

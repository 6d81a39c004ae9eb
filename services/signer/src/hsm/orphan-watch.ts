import { setInterval } from 'node:timers';

/**
 * A thread of the token host that ends the process when its parent is gone. The main thread would notice, too, but not
 * while it hangs in C_Sign; and a host without a parent still holds the PIN and the login.
 */
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, 1_000);

import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * The body of a request as a stream that can be given up. Leaving a `for await` over the request itself destroys it, and its
 * connection with it: the caller would see a reset instead of the answer that says why. What is given up here is read on and
 * thrown away, for as long as a request may take. A caller who goes away makes the stream fail.
 */
export function detachedBody(request: IncomingMessage): Readable {
  const body = new Readable({
    highWaterMark: 65_536,
    read: () => void request.resume(),
    destroy: (error, callback) => {
      request.off('data', take);
      request.resume();
      callback(error);
    },
  });
  const take = (chunk: Buffer): void => {
    if (!body.push(chunk)) request.pause();
  };
  request.on('data', take);
  request.pause();
  request.on('end', () => body.push(null));
  request.on('error', (error) => body.destroy(error));
  // A caller who goes away before anybody reads the body must not end the process with an unhandled 'error'.
  body.on('error', () => undefined);
  return body;
}

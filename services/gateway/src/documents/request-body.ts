import type { FastifyReply, FastifyRequest } from 'fastify';

/** Content-Length where there is one; Node has checked its form. */
export function declaredBytes(request: FastifyRequest): number | undefined {
  const header = request.headers['content-length'];
  return header === undefined ? undefined : Number(header);
}

/** Content-Type without its parameters, in lower case; empty without the header. */
export function mediaTypeOf(request: FastifyRequest): string {
  return request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/**
 * A refusal before the end of a body also closes the connection: the rest of the body would have to be read and thrown away
 * before the next request on it.
 */
export async function closingOnRefusal<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  receive: () => Promise<T>,
): Promise<T> {
  try {
    return await receive();
  } catch (error) {
    if (!request.raw.complete) void reply.header('connection', 'close');
    throw error;
  }
}

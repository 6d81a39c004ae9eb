import type { Problem } from './generated/api.js';
import { KysoError } from './kyso-error.js';

/** The body of an answer, or its problem as an error. */
export function unwrap<T>({ data, error, response }: { data?: T; error?: unknown; response: Response }): T {
  if (response.ok && data !== undefined) return data;
  throw new KysoError(response.status, isProblem(error) ? error : {});
}

/** The error that a refusal becomes. */
export async function problemOf(response: Response): Promise<KysoError> {
  const body: unknown = await response.json().catch(() => undefined);
  return new KysoError(response.status, isProblem(body) ? body : {});
}

function isProblem(body: unknown): body is Partial<Problem> {
  return typeof body === 'object' && body !== null && 'code' in body;
}

import { SigningError, type ApiClientRecord, type SigningJobRequest } from '@kyso/contracts';
import type { TemplateRegistry } from '../templates/template-registry.js';

/**
 * The policy that the request names, or that the templates of its signatures demand; undefined where neither does.
 * Throws POLICY_VIOLATED when they disagree, TEMPLATE_UNKNOWN.
 */
export async function policyOfRequest(
  templates: Pick<TemplateRegistry, 'find'>,
  client: ApiClientRecord,
  { policy, steps }: Pick<SigningJobRequest, 'policy' | 'steps'>,
): Promise<string | undefined> {
  let agreed = policy;
  for (const { template: ref } of steps) {
    if (ref === undefined) continue;
    const { policy: demanded } = await templates.find(client, ref);
    if (demanded === undefined) continue;
    agreed ??= demanded;
    if (demanded !== agreed) {
      throw new SigningError('POLICY_VIOLATED', { expected: `policy ${demanded} (template ${ref})`, found: agreed });
    }
  }
  return agreed;
}

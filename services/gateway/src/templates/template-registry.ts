import {
  objectKeys,
  SigningError,
  templateSchema,
  type ApiClientRecord,
  type Template,
  type TemplateRef,
} from '@kyso/contracts';
import { createJson, getJson, type ObjectStore } from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';
import { rolesOf } from '../credentials/roles-of.js';
import type { CredentialRegistry } from '../credentials/credential-registry.js';

/**
 * The templates, from `templates/<id>/<version>.json`. A version never changes once it is there; which one is the newest is
 * asked again after `maxAgeMs`.
 */
export class TemplateRegistry {
  private readonly versions = new ExpiringCache<Template>({ maxEntries: 20_000, maxAgeMs: Infinity });
  private readonly newest: ExpiringCache<{ readonly version: number }>;

  constructor(
    private readonly store: ObjectStore,
    private readonly credentials: CredentialRegistry,
    maxAgeMs: number,
  ) {
    this.newest = new ExpiringCache({ maxEntries: 20_000, maxAgeMs });
  }

  /**
   * The template as this client may use it now: the newest version unless one is named. Throws TEMPLATE_UNKNOWN, also for the
   * template of somebody else's credential and for one that is disabled.
   */
  async find(client: ApiClientRecord, ref: TemplateRef): Promise<Template> {
    const [templateId = '', named] = ref.split('@');
    const version = named === undefined ? undefined : Number(named);
    const template = await this.show(client, templateId, version);
    const current =
      version === undefined ? template : await this.version(templateId, await this.newestVersion(templateId));
    // An older version goes with the template.
    if (current?.disabled === true) throw unknown(templateId, 'a disabled one');
    return template;
  }

  /** The same, whether disabled or not. */
  async show(client: ApiClientRecord, templateId: string, version?: number): Promise<Template> {
    const wanted = version ?? (await this.newestVersion(templateId));
    const template = wanted === 0 ? undefined : await this.version(templateId, wanted);
    if (template === undefined || !(await this.isVisible(client, template))) {
      throw unknown(version === undefined ? templateId : `${templateId}@${version}`);
    }
    return template;
  }

  /** Those that this client may see, the newest version of each, by id. */
  async list(client: ApiClientRecord): Promise<Template[]> {
    const ids = new Set<string>();
    for await (const { key } of this.store.list(objectKeys.templatesPrefix)) {
      const [, templateId = ''] = key.split('/');
      ids.add(templateId);
    }
    const templates = await Promise.all(
      [...ids].sort().map(async (templateId) => this.version(templateId, await this.newestVersion(templateId))),
    );
    const shown: Template[] = [];
    for (const template of templates) {
      if (template !== undefined && (await this.isVisible(client, template))) shown.push(template);
    }
    return shown;
  }

  /** Of the newest version, from the store; 0 where there is none. */
  async latestVersion(templateId: string): Promise<number> {
    let latest = 0;
    for await (const { key } of this.store.list(objectKeys.templateVersionsPrefix(templateId))) {
      latest = Math.max(latest, Number(key.slice(key.lastIndexOf('/') + 1, -'.json'.length)));
    }
    return latest;
  }

  /** The newest version, whoever asks, from the store; undefined where there is none. */
  async latest(templateId: string): Promise<Template | undefined> {
    const version = await this.latestVersion(templateId);
    return version === 0 ? undefined : this.version(templateId, version);
  }

  /** False when that version is there already: somebody was faster. */
  async add(template: Template): Promise<boolean> {
    const created = await createJson(this.store, objectKeys.template(template.templateId, template.version), template);
    this.newest.delete(template.templateId);
    return created;
  }

  private async newestVersion(templateId: string): Promise<number> {
    return (await this.newest.getOrLoad(templateId, async () => ({ version: await this.latestVersion(templateId) })))
      .version;
  }

  private async version(templateId: string, version: number): Promise<Template | undefined> {
    const key = `${templateId}@${version}`;
    const known = this.versions.get(key);
    if (known !== undefined) return known;
    const read = await getJson(this.store, objectKeys.template(templateId, version), templateSchema);
    if (read !== undefined) this.versions.set(key, read);
    return read;
  }

  private async isVisible(client: ApiClientRecord, { owner }: Template): Promise<boolean> {
    if (owner.kind === 'all' || client.scopes.includes('manage')) return true;
    const credential = await this.credentials.find(owner.credentialId);
    return credential !== undefined && rolesOf(credential, client).length > 0;
  }
}

function unknown(found: string, why?: string): SigningError {
  return new SigningError('TEMPLATE_UNKNOWN', {
    expected: 'a template that this client may use',
    found: why === undefined ? found : `${found}, ${why}`,
  });
}

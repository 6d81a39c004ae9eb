import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { objectKeys } from '@kyso/contracts';
import { SoughtTexts, TextSearch } from '../src/placement/text-search.js';
import { MemoryStore } from './memory-store.js';

jest.setTimeout(120_000);

const decision = readFileSync(new URL('../../../../samples/quyet-dinh.pdf', import.meta.url));
const documentId = 'doc_1';
const key = objectKeys.version(documentId, 0);
const name = { text: 'Hưng Yên' };
const title = { text: 'PHÓ CHỦ TỊCH', pages: { first: 0, last: 0 } };
const recipients = { text: 'Nơi nhận' };

describe('texts of one request', () => {
  let store: MemoryStore;
  let search: TextSearch;
  /** Each search opens the document once. */
  let searches: number;
  beforeEach(async () => {
    store = new MemoryStore();
    await store.put(key, decision);
    searches = 0;
    const stat = store.stat.bind(store);
    store.stat = (wanted) => {
      searches += 1;
      return stat(wanted);
    };
    search = new TextSearch(store, { maxConcurrentTextSearches: 2, textSearchTimeoutMs: 60_000 });
  });

  it('are searched in one go when the first is asked for, and give what each alone gives', async () => {
    const texts = new SoughtTexts(search, documentId, async () => [name, title, recipients, name]);
    expect(searches).toBe(0);
    const [[names], [titles, more]] = await Promise.all([texts.places([name]), texts.places([title, recipients])]);
    expect(searches).toBe(1);
    const [alone] = await new TextSearch(store, { maxConcurrentTextSearches: 1, textSearchTimeoutMs: 60_000 }).places(
      documentId,
      [title],
    );
    expect(titles).toEqual(alone);
    expect([names?.length, more?.length].every((length) => (length ?? 0) > 0)).toBe(true);
  });

  it('are kept for the next request, which searches only what is new', async () => {
    await search.places(documentId, [name, title]);
    await search.places(documentId, [title, name]);
    expect(searches).toBe(1);
    const [first, second] = await search.places(documentId, [name, recipients]);
    expect(searches).toBe(2);
    expect([first?.length, second?.length].every((length) => (length ?? 0) > 0)).toBe(true);
  });

  it('are searched once for two requests at the same time', async () => {
    const [one, two] = await Promise.all([search.places(documentId, [name]), search.places(documentId, [name])]);
    expect(searches).toBe(1);
    expect(two).toEqual(one);
  });

  it('are not searched again in the same request where the search failed, and are in the next', async () => {
    const hurried = new TextSearch(store, { maxConcurrentTextSearches: 2, textSearchTimeoutMs: 1 });
    const texts = new SoughtTexts(hurried, documentId, async () => [name, title]);
    await expect(texts.places([name])).rejects.toMatchObject({ code: 'PDF_LIMIT_EXCEEDED' });
    await expect(texts.places([title])).rejects.toMatchObject({ code: 'PDF_LIMIT_EXCEEDED' });
    expect(searches).toBe(1);
    await expect(hurried.places(documentId, [name])).rejects.toMatchObject({ code: 'PDF_LIMIT_EXCEEDED' });
    expect(searches).toBe(2);
  });
});

import { serveIsolated } from '../isolated/serve.js';
import { searchText, type TextQuery } from './find-text.js';

serveIsolated(async ({ request, sources: [source] }) => {
  if (source === undefined) throw new Error('no source');
  return searchText(source, request as TextQuery);
});

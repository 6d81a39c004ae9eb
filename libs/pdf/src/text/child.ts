import { serveIsolated } from '../isolated/serve.js';
import { searchTexts, type TextQuery } from './find-texts.js';

serveIsolated(async ({ request, sources: [source] }) => {
  if (source === undefined) throw new Error('no source');
  return searchTexts(source, request as TextQuery[]);
});

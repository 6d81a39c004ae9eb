import { serveIsolated } from '../isolated/serve.js';
import { readImage } from './read-image.js';

serveIsolated(async ({ sources: [source] }) => {
  if (source === undefined) throw new Error('no source');
  return readImage(source);
});

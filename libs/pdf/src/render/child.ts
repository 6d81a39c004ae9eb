import { serveIsolated } from '../isolated/serve.js';
import { drawPage, type PageDrawing } from './draw-page.js';

serveIsolated(async ({ request, sources: [source] }) => {
  if (source === undefined) throw new Error('no source');
  return drawPage(source, request as PageDrawing);
});

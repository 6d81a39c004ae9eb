import { serveIsolated } from '../isolated/serve.js';
import { scansToPdf, type ScanOptions } from './scans-to-pdf.js';

serveIsolated(async ({ request, sources, write }) => {
  for await (const chunk of scansToPdf(sources, request as ScanOptions)) await write(chunk);
});

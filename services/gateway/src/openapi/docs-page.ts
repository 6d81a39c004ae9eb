import type { INestApplication } from '@nestjs/common';
import { SwaggerModule } from '@nestjs/swagger';
import { docsPath } from '../auth/door-keeper.js';
import { describeInterface } from './document.js';

/** Serves Swagger UI at `/docs` and the description at `/docs/openapi.json`; the door-keeper guards both. */
export function serveDocsPage(app: INestApplication): void {
  SwaggerModule.setup(docsPath.slice(1), app, () => describeInterface(app), {
    customSiteTitle: 'Kyso',
    raw: ['json'],
    jsonDocumentUrl: `${docsPath}/openapi.json`,
    swaggerOptions: { persistAuthorization: false, displayRequestDuration: true, docExpansion: 'list' },
  });
}

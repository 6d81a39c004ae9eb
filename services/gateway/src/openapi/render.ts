import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { controllers } from '../controllers.js';
import { ActivationDesk } from '../activations/activation-desk.js';
import { UsageDesk } from '../retention/usage-desk.js';
import { BatchDesk } from '../batches/batch-desk.js';
import { BatchEvents } from '../batches/batch-events.js';
import { CredentialBook } from '../credentials/credential-book.js';
import { CredentialDesk } from '../credentials/credential-desk.js';
import { CredentialImport } from '../credentials/credential-import.js';
import { CredentialOffice } from '../credentials/credential-office.js';
import { DocumentShelf } from '../documents/document-shelf.js';
import { Uploads } from '../documents/upload.js';
import { Erasures } from '../retention/erasures.js';
import { JobAcceptance } from '../jobs/acceptance.js';
import { JobEvents } from '../jobs/event-stream.js';
import { JobArchive } from '../jobs/job-archive.js';
import { JobDesk } from '../jobs/job-desk.js';
import { Policies } from '../policies/policies.js';
import { Rehearsal } from '../rehearsal/rehearsal.js';
import { NumberRegister } from '../registers/number-register.js';
import { TemplateImport } from '../templates/template-import.js';
import { TemplateOffice } from '../templates/template-office.js';
import { TemplatePreview } from '../templates/template-preview.js';
import { TemplateRegistry } from '../templates/template-registry.js';
import { TokenDesk } from '../tokens/token-desk.js';
import { STORE } from '../tokens.js';
import { Verifications } from '../verification/verifications.js';
import { WebhookDesk } from '../webhooks/webhook-desk.js';
import { describeInterface } from './document.js';

@Module({})
class Description {}

/** What the controllers ask for; nothing of it is used, since no request is served. */
const rooms = [
  ActivationDesk,
  BatchDesk,
  UsageDesk,
  BatchEvents,
  CredentialBook,
  CredentialDesk,
  CredentialImport,
  CredentialOffice,
  TokenDesk,
  DocumentShelf,
  Uploads,
  Erasures,
  JobAcceptance,
  JobArchive,
  JobDesk,
  JobEvents,
  NumberRegister,
  Policies,
  Rehearsal,
  STORE,
  TemplateImport,
  TemplateOffice,
  TemplatePreview,
  TemplateRegistry,
  Verifications,
  WebhookDesk,
];

/** The text of `docs/openapi.json`. Needs neither store nor Redis. */
export async function renderInterface(): Promise<string> {
  const providers = rooms.map((provide) => ({ provide, useValue: {} }));
  const app = await NestFactory.create({ module: Description, controllers, providers }, new FastifyAdapter(), {
    abortOnError: false,
    logger: false,
  });
  return `${JSON.stringify(describeInterface(app), null, 2)}\n`;
}

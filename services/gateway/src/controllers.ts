import { ActivationsController } from './activations.controller.js';
import { BatchesController } from './batches.controller.js';
import { CredentialAdminController } from './credential-admin.controller.js';
import { CredentialsController } from './credentials.controller.js';
import { DocumentsController } from './documents.controller.js';
import { PoliciesController } from './policies.controller.js';
import { RegistersController } from './registers.controller.js';
import { SigningJobSetsController } from './signing-job-sets.controller.js';
import { SigningJobsController } from './signing-jobs.controller.js';
import { TemplatesController } from './templates.controller.js';
import { TextsController } from './texts.controller.js';
import { TokensController } from './tokens.controller.js';
import { UsageController } from './usage.controller.js';
import { VerificationsController } from './verifications.controller.js';
import { WebhooksController } from './webhooks.controller.js';

/** The doors of the gateway. */
export const controllers = [
  DocumentsController,
  CredentialsController,
  CredentialAdminController,
  PoliciesController,
  RegistersController,
  ActivationsController,
  SigningJobsController,
  SigningJobSetsController,
  BatchesController,
  TemplatesController,
  TextsController,
  TokensController,
  UsageController,
  VerificationsController,
  WebhooksController,
];

import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import {
  batchItemRequestSchema,
  problemSchema,
  progressSchema,
  sealedPinPlaintextSchema,
  verificationRequestSchema,
  webhookEventSchema,
} from '@kyso/contracts';
import type { z } from 'zod';
import { pdfContent } from './headers.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

const about =
  'Remote signing of PDFs (PAdES, ETSI EN 319 142) with keys that stay in an HSM or a USB token. Every request carries ' +
  '`Authorization: Bearer <API key>`. Every error is `application/problem+json` (schema Problem) with a `code` and a text ' +
  'in Vietnamese and English.';

/** The interface description, made from the controllers and the zod schemas of libs/contracts. */
export function describeInterface(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Kyso')
    .setDescription(about)
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'API key: kyso_<client>_<secret>' })
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  const schemas: Schemas = { ...document.components?.schemas };
  const reference = (schema: z.ZodType, direction: 'input' | 'output') => addComponent(schemas, schema, direction);
  const problem = {
    description: 'A refusal or a failure',
    content: { 'application/problem+json': { schema: reference(problemSchema, 'output') } },
  };
  // Nothing answers with it, but events carry it.
  reference(progressSchema, 'output');
  // What is sent to webhooks; their dead letters show it as well.
  reference(webhookEventSchema, 'output');
  // A line of a manifest.
  reference(batchItemRequestSchema, 'input');
  // What is sealed is not seen by this service.
  reference(sealedPinPlaintextSchema, 'input');
  for (const path of Object.values(document.paths)) {
    for (const operation of [path.get, path.post, path.put, path.delete]) {
      if (operation !== undefined) operation.responses = { ...operation.responses, default: problem };
    }
  }
  const verification = document.paths['/v1/verifications']?.post?.requestBody;
  // The decorators know one schema for all media types of a body.
  if (verification !== undefined && 'content' in verification) {
    verification.content = {
      ...pdfContent,
      'application/json': { schema: reference(verificationRequestSchema, 'input') },
    };
  }
  document.components = { ...document.components, schemas: sorted(schemas) };
  return JSON.parse(JSON.stringify(document), withoutNoise) as OpenAPIObject;
}

/** Leaves out what only a machine would write: the pattern of a date, which `format` says already, and 2⁵³ − 1. */
function withoutNoise(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = value as { format?: unknown; pattern?: unknown; maximum?: unknown; minimum?: unknown };
  if (entries.format === 'date-time') delete entries.pattern;
  if (entries.maximum === Number.MAX_SAFE_INTEGER) delete entries.maximum;
  if (entries.minimum === Number.MIN_SAFE_INTEGER) delete entries.minimum;
  return value;
}

/** Adds a schema and those it names to the components, as Nest does for those of the decorators; gives the reference. */
function addComponent(schemas: Schemas, schema: z.ZodType, direction: 'input' | 'output'): { $ref: string } {
  const { definitions, $ref } = schema['~standard'].jsonSchema[direction]({ target: 'openapi-3.0' }) as {
    definitions: Schemas;
    $ref: string;
  };
  const text = JSON.stringify(definitions).replaceAll('"#/definitions/', '"#/components/schemas/');
  Object.assign(schemas, JSON.parse(text) as Schemas);
  return { $ref: $ref.replace('#/definitions/', '#/components/schemas/') };
}

function sorted(schemas: Schemas): Schemas {
  return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
}

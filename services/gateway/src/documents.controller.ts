import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  documentIdSchema,
  documentSchema,
  eraseQuerySchema,
  erasureSchema,
  scanMediaTypeSchema,
  SigningError,
  type ApiClientRecord,
  type Document,
  type EraseQuery,
  type Erasure,
} from '@kyso/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { Caller, callerOf, Rule } from './auth/caller.js';
import { DocumentShelf } from './documents/document-shelf.js';
import { describeDownload, openVersion } from './documents/download.js';
import { closingOnRefusal, declaredBytes, mediaTypeOf } from './documents/request-body.js';
import { Uploads } from './documents/upload.js';
import { Erasures } from './retention/erasures.js';
import { headerOf, pdfContent, pdfSchema } from './openapi/headers.js';
import { STORE } from './tokens.js';
import type { ObjectStore } from '@kyso/storage';

const uploadQuerySchema = z.object({
  name: z
    .string()
    .min(1)
    .max(255)
    // Control and direction characters could make a name look like another one where it is shown.
    .refine((name) => !/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u.test(name), 'expected no control characters')
    .optional()
    .describe('File name, shown to people and offered at download'),
});

const uploadTypes = ['application/pdf', ...scanMediaTypeSchema.options] as const;

const wantedVersionSchema = z
  .string()
  .regex(/^(current|0|[1-9]\d{0,5})$/, 'expected a version number or current')
  .describe('0 is the upload; current is the newest');

/** `/v1/documents`: PDFs in and out. */
@ApiTags('documents')
@ApiBearerAuth()
@Controller('v1/documents')
export class DocumentsController {
  constructor(
    @Inject(Uploads) private readonly uploads: Uploads,
    @Inject(DocumentShelf) private readonly shelf: DocumentShelf,
    @Inject(Erasures) private readonly erasures: Erasures,
    @Inject(STORE) private readonly store: ObjectStore,
  ) {}

  @Post()
  @Rule({ scope: 'documents', accepts: [...uploadTypes] })
  @ApiOperation({
    summary: 'Uploads a PDF, or a scan of which one is made',
    description:
      'The body is the file itself; it is streamed, hashed and looked at, and refused with a code of its own when it ' +
      'cannot be signed. Of a JPEG, PNG or TIFF (with all its pages) a PDF is made, without loss; the image is kept. ' +
      'Idempotency-Key has no effect here: a repeated upload is another document, which does no harm.',
  })
  @ApiConsumes(...uploadTypes)
  @ApiBody({ required: true, description: 'The PDF', schema: pdfSchema })
  @ApiResponse({
    status: 201,
    description: 'Stored as version 0',
    standardSchema: documentSchema,
    headers: { Location: headerOf('Address of the document') },
  })
  async upload(
    @Body() body: Readable,
    @Query({ schema: uploadQuerySchema }) query: z.infer<typeof uploadQuerySchema>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Document> {
    const document = await closingOnRefusal(request, reply, () =>
      this.uploads.receive(callerOf(request), body, {
        name: query.name,
        declaredBytes: declaredBytes(request),
        mediaType: mediaTypeOf(request),
      }),
    );
    void reply.header('location', `/v1/documents/${document.documentId}`);
    return document;
  }

  @Get(':documentId')
  @Rule({ scope: 'documents' })
  @ApiOperation({ summary: 'Shows a document and its versions' })
  @ApiResponse({ status: 200, description: 'The document', standardSchema: documentSchema })
  async show(
    @Caller() caller: ApiClientRecord,
    @Param('documentId', { schema: documentIdSchema }) documentId: string,
  ): Promise<Document> {
    return this.shelf.document(caller, documentId);
  }

  @Delete(':documentId')
  @Rule({ scope: 'erase' })
  @ApiOperation({
    summary: 'Erases a document for ever',
    description:
      'All versions, the uploaded scan and the file name are deleted. What is left says that the document was there: number of ' +
      'pages, hashes of the versions, jobs. Refused with DOCUMENT_IN_USE while it is being signed or waits for a time-stamp. ' +
      'From then on the document answers 410 DOCUMENT_ERASED; its jobs, and repeats of their Idempotency-Keys, answer as before. ' +
      'Repeating the call changes nothing.',
  })
  @ApiResponse({ status: 200, description: 'What is left of it', standardSchema: erasureSchema })
  async erase(
    @Caller() caller: ApiClientRecord,
    @Param('documentId', { schema: documentIdSchema }) documentId: string,
    @Query({ schema: eraseQuerySchema }) { reason }: EraseQuery,
    @Req() request: FastifyRequest,
  ): Promise<Erasure> {
    const erasure = await this.erasures.erase(caller, documentId, reason);
    const { erasedAt, versions } = erasure;
    const facts = {
      documentId,
      clientId: caller.clientId,
      erasedAt,
      reason: erasure.reason,
      versions: versions.length,
    };
    request.log.info(facts, 'document erased');
    return erasure;
  }

  @Get(':documentId/versions/:version')
  @Rule({ scope: 'documents' })
  @HttpCode(200)
  @ApiOperation({
    summary: 'Downloads a version',
    description: 'Supports HEAD, If-None-Match, and one range of bytes (RFC 9110, 14).',
  })
  @ApiHeader({ name: 'Range', required: false, description: 'Such as bytes=0-1023 or bytes=-500' })
  @ApiHeader({ name: 'If-Range', required: false, description: 'Entity tag; another current one gives the whole file' })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'Entity tags that the caller has' })
  @ApiResponse({
    status: 200,
    description: 'The whole file',
    content: pdfContent,
    headers: {
      ETag: headerOf('SHA-256 of the file, hexadecimal, in quotes'),
      'Repr-Digest': headerOf('The same as RFC 9530 has it'),
      'Content-Disposition': headerOf('The name, as RFC 6266 has it'),
    },
  })
  @ApiResponse({ status: 206, description: 'The range', content: pdfContent })
  @ApiResponse({ status: 304, description: 'The caller has it already' })
  async download(
    @Param('documentId', { schema: documentIdSchema }) documentId: string,
    @Param('version', { schema: wantedVersionSchema }) wanted: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const record = await this.shelf.record(callerOf(request), documentId);
    const version = await this.shelf.wantedVersion(record, wanted === 'current' ? wanted : Number(wanted));
    const { range, 'if-range': ifRange, 'if-none-match': ifNoneMatch } = request.headers;
    const answer = describeDownload(record, version, { range, ifRange: single(ifRange), ifNoneMatch });
    if (answer.status === 416) {
      void reply.headers(answer.headers);
      throw new SigningError('RANGE_NOT_SATISFIABLE', {
        expected: `bytes of ${version.sizeBytes}`,
        found: range ?? '',
      });
    }
    void reply.code(answer.status).headers(answer.headers);
    // For HEAD Fastify would set Content-Length to that of what is sent, unless it is a stream.
    if (request.method === 'HEAD') void reply.send(Readable.from([]));
    else void reply.send(answer.bytes && (await openVersion(this.store, documentId, version, answer.bytes)));
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

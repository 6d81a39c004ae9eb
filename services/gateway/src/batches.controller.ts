import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  batchIdSchema,
  batchItemPageSchema,
  batchItemStatusSchema,
  batchListSchema,
  batchRequestSchema,
  batchRetrySchema,
  batchSchema,
  type ApiClientRecord,
  type Batch,
  type BatchItem,
  type BatchItemPage,
  type BatchList,
  type BatchRequest,
  type BatchRetry,
} from '@kyso/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { Caller, callerOf, Rule } from './auth/caller.js';
import { BatchDesk } from './batches/batch-desk.js';
import { BatchEvents } from './batches/batch-events.js';
import { asCsv, asNdjson } from './batches/batch-results.js';
import { manifestTypes, type ManifestType } from './batches/manifests.js';
import { readOn } from './documents/read-on.js';
import { closingOnRefusal, mediaTypeOf } from './documents/request-body.js';
import { parseIdempotencyKey } from './jobs/idempotency.js';
import { headerOf } from './openapi/headers.js';

const id = { schema: batchIdSchema };
const shown = { description: 'The batch as it stands', standardSchema: batchSchema };
const keyHeader = {
  name: 'Idempotency-Key',
  required: false,
  description: 'The same key gives the same batch; send it',
};
const listQuerySchema = z.object({ before: z.string().max(60).optional().describe('`next` of the page before') });
const status = batchItemStatusSchema.optional().describe('Only items that ended so');
const itemsQuerySchema = z.object({
  status,
  from: z.coerce.number().int().min(0).default(0).describe('The first item'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
const resultsQuerySchema = z.object({ status, format: z.enum(['ndjson', 'csv']).default('ndjson') });

/** Clients for their own batches, operators for any. */
const steerers = ['sign', 'operate'] as const;

/** `/v1/batches`: many documents in one order, by night. */
@ApiTags('batches')
@ApiBearerAuth()
@Controller('v1/batches')
export class BatchesController {
  constructor(
    @Inject(BatchDesk) private readonly desk: BatchDesk,
    @Inject(BatchEvents) private readonly events: BatchEvents,
  ) {}

  @Post()
  @Rule({ scope: 'sign', accepts: ['application/json'] })
  @ApiOperation({
    summary: 'Orders signatures on many documents',
    description:
      'What is done with every document, when, and where the documents come from: a manifest that is sent next, or a prefix of ' +
      'the object store. Each item is accepted or refused by itself when its turn comes.',
  })
  @ApiHeader(keyHeader)
  @ApiResponse({ status: 201, ...shown, headers: { Location: headerOf('Address of the batch') } })
  async create(
    @Caller() caller: ApiClientRecord,
    @Body({ schema: batchRequestSchema }) body: BatchRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Batch> {
    const batch = await this.desk.create(caller, body, {
      requestId: request.id,
      idempotencyKey: parseIdempotencyKey(request.headers['idempotency-key']),
    });
    request.log.info({ batchId: batch.batchId }, 'batch accepted');
    void reply.header('location', `/v1/batches/${batch.batchId}`);
    return batch;
  }

  @Put(':batchId/manifest')
  @HttpCode(200)
  @Rule({ scope: 'sign', accepts: [...manifestTypes] })
  @ApiOperation({
    summary: 'Sends the documents of a batch',
    description:
      'NDJSON, one BatchItemRequest a line; or CSV with their members as headings, those of a step with its number before them ' +
      '(`2.number`). NDJSON is streamed and may have any length. With one fault nothing is kept. The same manifest again changes nothing.',
  })
  @ApiConsumes(...manifestTypes)
  @ApiBody({ required: true, schema: { type: 'string' }, description: 'The manifest' })
  @ApiResponse({ status: 200, ...shown })
  async manifest(
    @Param('batchId', id) batchId: string,
    @Body() sent: Readable | Buffer,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Batch> {
    const mediaType = mediaTypeOf(request) as ManifestType;
    const body = Buffer.isBuffer(sent) ? Readable.from([sent]) : sent;
    return closingOnRefusal(request, reply, async () => {
      try {
        return await this.desk.takeManifest(callerOf(request), batchId, { body, mediaType });
      } catch (error) {
        if (!body.destroyed) await readOn(body);
        throw error;
      }
    });
  }

  @Get()
  @Rule({ scope: 'sign' })
  @ApiOperation({ summary: 'Lists one’s batches, newest first' })
  @ApiResponse({ status: 200, description: 'A page', standardSchema: batchListSchema })
  list(
    @Caller() caller: ApiClientRecord,
    @Query({ schema: listQuerySchema }) query: z.infer<typeof listQuerySchema>,
  ): Promise<BatchList> {
    return this.desk.list(caller, query);
  }

  @Get(':batchId')
  @Rule({ scope: steerers })
  @ApiOperation({
    summary: 'Shows how a batch stands',
    description: 'With its rate, its expected end, and failures by code.',
  })
  @ApiResponse({ status: 200, ...shown })
  show(@Caller() caller: ApiClientRecord, @Param('batchId', id) batchId: string): Promise<Batch> {
    return this.desk.show(caller, batchId);
  }

  @Post(':batchId/pause')
  @HttpCode(200)
  @Rule({ scope: steerers })
  @ApiOperation({
    summary: 'Pauses a batch',
    description: 'Items that are being signed are ended; within seconds none is begun.',
  })
  @ApiResponse({ status: 200, ...shown })
  pause(@Caller() caller: ApiClientRecord, @Param('batchId', id) batchId: string): Promise<Batch> {
    return this.desk.control(caller, batchId, 'pause');
  }

  @Post(':batchId/resume')
  @HttpCode(200)
  @Rule({ scope: steerers })
  @ApiOperation({ summary: 'Lets a paused batch go on' })
  @ApiResponse({ status: 200, ...shown })
  resume(@Caller() caller: ApiClientRecord, @Param('batchId', id) batchId: string): Promise<Batch> {
    return this.desk.control(caller, batchId, 'resume');
  }

  @Post(':batchId/cancel')
  @HttpCode(200)
  @Rule({ scope: steerers })
  @ApiOperation({
    summary: 'Cancels what is left of a batch',
    description: 'What was signed stays signed. It cannot be undone.',
  })
  @ApiResponse({ status: 200, ...shown })
  cancel(@Caller() caller: ApiClientRecord, @Param('batchId', id) batchId: string): Promise<Batch> {
    return this.desk.control(caller, batchId, 'cancel');
  }

  @Post(':batchId/retry')
  @Rule({ scope: 'sign', accepts: ['application/json'] })
  @ApiOperation({
    summary: 'Orders the items that failed once more',
    description: 'As a batch of its own; an item of which some steps were released goes on after them.',
  })
  @ApiHeader(keyHeader)
  @ApiResponse({ status: 201, description: 'The new batch', standardSchema: batchSchema })
  async retry(
    @Param('batchId', id) batchId: string,
    @Body({ schema: batchRetrySchema }) body: BatchRetry,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Batch> {
    const batch = await this.desk.retry(callerOf(request), batchId, {
      ...body,
      requestId: request.id,
      idempotencyKey: parseIdempotencyKey(request.headers['idempotency-key']),
    });
    void reply.header('location', `/v1/batches/${batch.batchId}`);
    return batch;
  }

  @Get(':batchId/items')
  @Rule({ scope: 'sign' })
  @ApiOperation({ summary: 'Lists outcomes, page by page' })
  @ApiResponse({ status: 200, description: 'A page', standardSchema: batchItemPageSchema })
  async items(
    @Caller() caller: ApiClientRecord,
    @Param('batchId', id) batchId: string,
    @Query({ schema: itemsQuerySchema }) query: z.infer<typeof itemsQuerySchema>,
  ): Promise<BatchItemPage> {
    const items: BatchItem[] = [];
    for await (const item of await this.desk.results(caller, batchId, query)) {
      if (items.length === query.limit) return { items, next: item.item };
      items.push(item);
    }
    return { items };
  }

  @Get(':batchId/results')
  @Rule({ scope: 'sign' })
  @ApiOperation({
    summary: 'Downloads all outcomes',
    description: 'NDJSON (BatchItem) or CSV, streamed; those so far, of an open batch.',
  })
  @ApiResponse({
    status: 200,
    description: 'The result manifest',
    content: { 'application/x-ndjson': { schema: { type: 'string' } }, 'text/csv': { schema: { type: 'string' } } },
  })
  async results(
    @Param('batchId', id) batchId: string,
    @Query({ schema: resultsQuerySchema }) { status: wanted, format }: z.infer<typeof resultsQuerySchema>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const items = await this.desk.results(callerOf(request), batchId, { status: wanted });
    const body = format === 'csv' ? asCsv(items) : asNdjson(items);
    void reply
      .headers({
        'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
        'content-disposition': `attachment; filename="${batchId}.${format}"`,
      })
      .send(Readable.from(body));
  }

  @Get(':batchId/events')
  @Rule({ scope: 'sign' })
  @ApiOperation({
    summary: 'Follows a batch by server-sent events',
    description: 'Events `batch` (schema Batch): how it stands now, then whenever that changes, until it has ended.',
  })
  @ApiResponse({
    status: 200,
    description: 'An event stream',
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  })
  async follow(
    @Caller() caller: ApiClientRecord,
    @Param('batchId', id) batchId: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const stream = await this.events.stream(caller, batchId);
    void reply
      .headers({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      .send(stream);
  }
}

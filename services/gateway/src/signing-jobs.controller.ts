import { Body, Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  dryRunSchema,
  jobIdSchema,
  signingJobRequestSchema,
  signingJobSchema,
  type ApiClientRecord,
  type DryRun,
  type SigningJob,
  type SigningJobRequest,
} from '@kyso/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Caller, Rule } from './auth/caller.js';
import { JobAcceptance } from './jobs/acceptance.js';
import { JobEvents } from './jobs/event-stream.js';
import { parseIdempotencyKey } from './jobs/idempotency.js';
import { JobDesk } from './jobs/job-desk.js';
import { preferredWait } from './jobs/prefer.js';
import { headerOf } from './openapi/headers.js';
import { signingExamples } from './openapi/signing-examples.js';
import { Rehearsal } from './rehearsal/rehearsal.js';

const jobHeaders = {
  Location: headerOf('Address of the job'),
  'Preference-Applied': headerOf('wait=N when Prefer was honoured (RFC 7240)'),
};

/** `/v1/signing-jobs`: signatures are asked for and followed. */
@ApiTags('signing-jobs')
@ApiBearerAuth()
@Controller('v1/signing-jobs')
export class SigningJobsController {
  constructor(
    @Inject(JobAcceptance) private readonly acceptance: JobAcceptance,
    @Inject(JobDesk) private readonly desk: JobDesk,
    @Inject(JobEvents) private readonly events: JobEvents,
    @Inject(Rehearsal) private readonly rehearsal: Rehearsal,
  ) {}

  @Post()
  @Rule({ scope: 'sign', accepts: ['application/json'] })
  @ApiOperation({
    summary: 'Asks for signatures on a document',
    description:
      'Everything that can be known at once is checked before the job is accepted. An accepted job survives the loss of ' +
      'any process. With `Prefer: wait=N` the answer waits for the end of the job, at most N (up to 60) seconds. With `dryRun` ' +
      'nothing is signed, stored or given a number: the answer (schema DryRun) has every check and the pages as pictures.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      '1 to 255 visible ASCII characters. The same key with the same body gives the same job, for ever; with another ' +
      'body it is refused (IDEMPOTENCY_KEY_REUSED). After an answer 5xx repeat with the same key.',
  })
  @ApiHeader({ name: 'Prefer', required: false, description: 'wait=N in seconds (RFC 7240)' })
  @ApiBody({ schema: { $ref: '#/components/schemas/SigningJobRequest' }, examples: signingExamples })
  @ApiResponse({
    status: 200,
    description: 'The job has ended; or, with dryRun, what would become of it',
    standardSchema: z.union([signingJobSchema, dryRunSchema]),
    headers: jobHeaders,
  })
  @ApiResponse({
    status: 202,
    description: 'The job is accepted',
    standardSchema: signingJobSchema,
    headers: jobHeaders,
  })
  async create(
    @Caller() caller: ApiClientRecord,
    @Body({ schema: signingJobRequestSchema }) body: SigningJobRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SigningJob | DryRun> {
    if (body.dryRun === true) {
      void reply.code(200);
      return this.rehearsal.of(caller, body, request.id);
    }
    const waitSeconds = preferredWait(request.headers['prefer']);
    const { job, isRepeat } = await this.acceptance.accept(caller, body, {
      requestId: request.id,
      idempotencyKey: parseIdempotencyKey(request.headers['idempotency-key']),
    });
    request.log.info({ jobId: job.jobId, documentId: job.documentId, isRepeat }, 'signing job accepted');
    void reply.header('location', `/v1/signing-jobs/${job.jobId}`);
    if (waitSeconds !== undefined) void reply.header('preference-applied', `wait=${waitSeconds}`);
    const how = { waitSeconds: waitSeconds ?? 0, caller: request.raw };
    const [view] = await this.desk.answer([{ job, isRepeat }], how);
    if (view === undefined) throw new Error('a job has an answer');
    void reply.code(view.completedAt === undefined ? 202 : 200);
    return view;
  }

  @Get(':jobId')
  @Rule({ scope: 'sign' })
  @ApiOperation({ summary: 'Shows a job' })
  @ApiResponse({ status: 200, description: 'The job as it stands', standardSchema: signingJobSchema })
  async show(
    @Caller() caller: ApiClientRecord,
    @Param('jobId', { schema: jobIdSchema }) jobId: string,
  ): Promise<SigningJob> {
    return this.desk.show(caller, jobId);
  }

  @Get(':jobId/events')
  @Rule({ scope: 'sign' })
  @ApiOperation({
    summary: 'Follows a job by server-sent events',
    description:
      'Events `progress` (schema Progress), beginning with the present state, and one `job` (schema SigningJob) at the ' +
      'end; then the stream ends and the caller closes it. After a lost connection connect again.',
  })
  @ApiResponse({
    status: 200,
    description: 'An event stream',
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  })
  async follow(
    @Caller() caller: ApiClientRecord,
    @Param('jobId', { schema: jobIdSchema }) jobId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const isHead = request.method === 'HEAD';
    if (isHead) await this.desk.show(caller, jobId);
    const stream = isHead ? undefined : await this.events.stream(caller, jobId);
    void reply
      .headers({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // nginx would hold events back until its buffer is full.
        'x-accel-buffering': 'no',
      })
      .send(stream);
  }
}

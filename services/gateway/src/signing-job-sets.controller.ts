import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  SigningError,
  signingJobSetRequestSchema,
  signingJobSetSchema,
  toFailure,
  type ApiClientRecord,
  type SigningJobSet,
  type SigningJobSetItem,
  type SigningJobSetRequest,
} from '@kyso/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller, Rule } from './auth/caller.js';
import { JobAcceptance, type AcceptedJob } from './jobs/acceptance.js';
import { parseIdempotencyKey } from './jobs/idempotency.js';
import { JobDesk } from './jobs/job-desk.js';
import { preferredWait } from './jobs/prefer.js';

/** `/v1/signing-job-sets`: several files in one request. */
@ApiTags('signing-jobs')
@ApiBearerAuth()
@Controller('v1/signing-job-sets')
export class SigningJobSetsController {
  constructor(
    @Inject(JobAcceptance) private readonly acceptance: JobAcceptance,
    @Inject(JobDesk) private readonly desk: JobDesk,
  ) {}

  @Post()
  @HttpCode(200)
  @Rule({ scope: 'sign', accepts: ['application/json'] })
  @ApiOperation({
    summary: 'Asks for signatures on several documents',
    description:
      'Each job is accepted or refused by itself, and lives on by itself: follow it at /v1/signing-jobs. A set is not kept. ' +
      'With `Prefer: wait=N` the answer waits for the end of all of them, at most N (up to 60) seconds.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      'For the whole set: the same key gives the same jobs, by their place in the set. Send it; after 5xx repeat with it.',
  })
  @ApiHeader({ name: 'Prefer', required: false, description: 'wait=N in seconds (RFC 7240)' })
  @ApiResponse({
    status: 200,
    description: 'One item for each job, in their order',
    standardSchema: signingJobSetSchema,
  })
  async create(
    @Caller() caller: ApiClientRecord,
    @Body({ schema: signingJobSetRequestSchema }) { jobs }: SigningJobSetRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SigningJobSet> {
    const waitSeconds = preferredWait(request.headers['prefer']);
    const key = parseIdempotencyKey(request.headers['idempotency-key']);
    if (jobs.some(({ dryRun }) => dryRun === true)) {
      throw new SigningError('REQUEST_INVALID', { expected: 'dryRun with /v1/signing-jobs', found: 'in a set' });
    }
    const taken = await this.acceptance.acceptAll(caller, jobs, { requestId: request.id, idempotencyKey: key });
    if (waitSeconds !== undefined) void reply.header('preference-applied', `wait=${waitSeconds}`);
    const acceptedJobs = taken.filter((one): one is AcceptedJob => !(one instanceof SigningError));
    const answers = await this.desk.answer(acceptedJobs, { waitSeconds: waitSeconds ?? 0, caller: request.raw });
    const items = taken.map((one, index): SigningJobSetItem => {
      const reference = jobs[index]?.reference;
      const named = { index, ...(reference === undefined ? {} : { reference }) };
      if (one instanceof SigningError) {
        request.log.info({ index, code: one.code }, 'signing job refused');
        return { ...named, failure: toFailure(one) };
      }
      const { jobId, documentId } = one.job;
      request.log.info({ jobId, documentId, isRepeat: one.isRepeat, index }, 'signing job accepted');
      return { ...named, job: answers.find((answer) => answer.jobId === jobId)! };
    });
    return { accepted: acceptedJobs.length, refused: items.length - acceptedJobs.length, items };
  }
}

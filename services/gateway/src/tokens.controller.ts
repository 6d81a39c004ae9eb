import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  actorSchema,
  drainRequestSchema,
  instantSchema,
  nameSchema,
  quarantineRequestSchema,
  resumeRequestSchema,
  tokenListSchema,
  tokenSchema,
  type ApiClientRecord,
  type DrainRequest,
  type QuarantineRequest,
  type ResumeRequest,
  type TokenView,
} from '@kyso/contracts';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Caller, Rule } from './auth/caller.js';
import { nameOf } from './credentials/named-by.js';
import { TokenDesk } from './tokens/token-desk.js';

const liftQuerySchema = z.strictObject({ at: instantSchema, actor: actorSchema.shape.id.optional() });

/** `/v1/tokens`: HSMs and USB tokens, what lies on them, their quarantine, and taking them out of use for maintenance. */
@ApiTags('tokens')
@ApiBearerAuth()
@Controller('v1/tokens')
export class TokensController {
  constructor(@Inject(TokenDesk) private readonly tokens: TokenDesk) {}

  @Get()
  @Rule({ scope: 'operate' })
  @ApiOperation({
    summary: 'Lists all tokens of the cluster',
    description: 'State, quarantine and inventory; by name.',
  })
  @ApiResponse({ status: 200, description: 'The tokens', standardSchema: tokenListSchema })
  async list(): Promise<{ tokens: TokenView[] }> {
    return { tokens: await this.tokens.list() };
  }

  @Get(':token')
  @Rule({ scope: 'operate' })
  @ApiOperation({ summary: 'Shows a token' })
  @ApiResponse({ status: 200, description: 'The token', standardSchema: tokenSchema })
  show(@Param('token', { schema: nameSchema }) token: string): Promise<TokenView> {
    return this.tokens.show(token);
  }

  @Post(':token/quarantine')
  @HttpCode(200)
  @Rule({ scope: 'operate', accepts: ['application/json'] })
  @ApiOperation({
    summary: 'Takes a token out of use',
    description:
      'Every signer logs out within 3 s; jobs for it fail with TOKEN_QUARANTINED until the quarantine is lifted. A token ' +
      'that is in quarantine already stays as it is.',
  })
  @ApiResponse({ status: 200, description: 'The token', standardSchema: tokenSchema })
  async quarantine(
    @Caller() caller: ApiClientRecord,
    @Param('token', { schema: nameSchema }) token: string,
    @Body({ schema: quarantineRequestSchema }) body: QuarantineRequest,
    @Req() request: FastifyRequest,
  ): Promise<TokenView> {
    const by = nameOf(caller, body.actor);
    request.log.warn({ tokenName: token, by, reason: body.reason }, 'token put into quarantine');
    return this.tokens.quarantine(token, { reason: body.reason, by });
  }

  @Delete(':token/quarantine')
  @HttpCode(204)
  @Rule({ scope: 'operate' })
  @ApiOperation({
    summary: 'Takes a token out of quarantine',
    description:
      'After the PIN was put right: the signers then try it once more. `at` names the quarantine that was looked at; one ' +
      'that began since is not lifted (QUARANTINE_CHANGED), because each wrong PIN costs one of the few tries of a token. ' +
      'Who lifted it stays on record.',
  })
  @ApiQuery({
    name: 'at',
    description: '`quarantine.at` as GET /v1/tokens showed it',
    schema: { type: 'string', format: 'date-time' },
  })
  @ApiQuery({
    name: 'actor',
    required: false,
    description: 'Id of the operator in the caller’s system, for the record',
  })
  @ApiResponse({ status: 204, description: 'The quarantine is over' })
  async lift(
    @Caller() caller: ApiClientRecord,
    @Param('token', { schema: nameSchema }) token: string,
    @Query({ schema: liftQuerySchema }) query: z.infer<typeof liftQuerySchema>,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const { at, actor } = query;
    const liftedBy = nameOf(caller, actor === undefined ? undefined : { id: actor });
    await this.tokens.lift(token, { at, liftedBy, requestId: request.id });
    request.log.warn({ tokenName: token, quarantinedAt: at, liftedBy }, 'token taken out of quarantine');
  }

  @Post(':token/drain')
  @HttpCode(200)
  @Rule({ scope: 'operate', accepts: ['application/json'] })
  @ApiOperation({
    summary: 'Takes a token out of use for maintenance',
    description:
      'Within seconds every signer gives it no more work, ends what it has begun, logs out and unloads its module; `state` is ' +
      '`draining`, then `drained`: it may be unplugged. Its jobs go to other tokens that serve the same name, or wait. It stays ' +
      'so, also over restarts, until it is resumed. A token that is drained already stays as it is.',
  })
  @ApiResponse({ status: 200, description: 'The token', standardSchema: tokenSchema })
  async drain(
    @Caller() caller: ApiClientRecord,
    @Param('token', { schema: nameSchema }) token: string,
    @Body({ schema: drainRequestSchema }) body: DrainRequest,
    @Req() request: FastifyRequest,
  ): Promise<TokenView> {
    const drainedBy = nameOf(caller, body.actor);
    request.log.warn({ tokenName: token, drainedBy, reason: body.reason }, 'token taken out of use');
    return this.tokens.drain(token, { reason: body.reason, drainedBy, requestId: request.id });
  }

  @Post(':token/resume')
  @HttpCode(200)
  @Rule({ scope: 'operate', accepts: ['application/json'] })
  @ApiOperation({
    summary: 'Puts a token back into use',
    description:
      'After a drain: the signers look for it and log in within seconds. `at` names the drain that was looked at; one that began ' +
      'since is not ended (DRAIN_CHANGED), because somebody else may be at work on the token. Who resumed it stays on record.',
  })
  @ApiResponse({ status: 200, description: 'The token', standardSchema: tokenSchema })
  async resume(
    @Caller() caller: ApiClientRecord,
    @Param('token', { schema: nameSchema }) token: string,
    @Body({ schema: resumeRequestSchema }) body: ResumeRequest,
    @Req() request: FastifyRequest,
  ): Promise<TokenView> {
    const resumedBy = nameOf(caller, body.actor);
    const view = await this.tokens.resume(token, { at: body.at, resumedBy, requestId: request.id });
    request.log.warn({ tokenName: token, drainedAt: body.at, resumedBy }, 'token put back into use');
    return view;
  }
}

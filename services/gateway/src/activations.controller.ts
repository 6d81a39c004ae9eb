import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  activationIdSchema,
  activationKeysSchema,
  activationRequestSchema,
  activationSchema,
  nameSchema,
  type Activation,
  type ActivationKeys,
  type ActivationRequest,
  type ApiClientRecord,
} from '@kyso/contracts';
import type { FastifyRequest } from 'fastify';
import { ActivationDesk } from './activations/activation-desk.js';
import { Caller, Rule } from './auth/caller.js';

const credentialId = { schema: nameSchema };
const activationId = { schema: activationIdSchema };

/** `/v1/activation-keys` and `/v1/credentials/{id}/activations`: persons give their PIN for certain documents. */
@ApiTags('activations')
@ApiBearerAuth()
@Controller('v1')
export class ActivationsController {
  constructor(@Inject(ActivationDesk) private readonly activations: ActivationDesk) {}

  @Get('activation-keys')
  @Rule({ scope: 'sign' })
  @ApiOperation({ summary: 'Lists the public keys to which PINs are sealed', description: 'Use the first.' })
  @ApiResponse({ status: 200, description: 'A JWK Set (RFC 7517)', standardSchema: activationKeysSchema })
  keys(): ActivationKeys {
    return this.activations.keys;
  }

  @Post('credentials/:credentialId/activations')
  @Rule({ scope: 'sign', accepts: ['application/json'] })
  @ApiOperation({
    summary: 'Gives a PIN for certain documents',
    description:
      '`sealedPin` is a compact JWE (RFC 7516) of schema SealedPinPlaintext, which repeats every value of this request. ' +
      'Neither this service nor its store or queue can open it. The same request again gives the same answer.',
  })
  @ApiResponse({
    status: 201,
    description: 'The activation; name it in the steps of signing requests',
    standardSchema: activationSchema,
  })
  async create(
    @Caller() caller: ApiClientRecord,
    @Param('credentialId', credentialId) id: string,
    @Body({ schema: activationRequestSchema }) body: ActivationRequest,
    @Req() request: FastifyRequest,
  ): Promise<Activation> {
    const activation = await this.activations.create(caller, id, { request: body, requestId: request.id });
    request.log.info({ activationId: activation.activationId, credentialId: id }, 'activation stored');
    return activation;
  }

  @Get('credentials/:credentialId/activations/:activationId')
  @Rule({ scope: 'sign' })
  @ApiOperation({ summary: 'Shows an activation' })
  @ApiResponse({ status: 200, description: 'What is left of it', standardSchema: activationSchema })
  show(
    @Caller() caller: ApiClientRecord,
    @Param('credentialId', credentialId) id: string,
    @Param('activationId', activationId) activation: string,
  ): Promise<Activation> {
    return this.activations.show(caller, id, activation);
  }

  @Delete('credentials/:credentialId/activations/:activationId')
  @HttpCode(204)
  @Rule({ scope: 'sign' })
  @ApiOperation({ summary: 'Withdraws an activation', description: 'The sealed PIN is deleted; such as at a log-out.' })
  @ApiResponse({ status: 204, description: 'Nothing more is signed with it' })
  withdraw(
    @Caller() caller: ApiClientRecord,
    @Param('credentialId', credentialId) id: string,
    @Param('activationId', activationId) activation: string,
  ): Promise<void> {
    return this.activations.withdraw(caller, id, activation);
  }
}

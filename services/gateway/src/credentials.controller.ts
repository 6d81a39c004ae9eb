import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  credentialDetailSchema,
  credentialListSchema,
  nameSchema,
  SigningError,
  type ApiClientRecord,
  type CredentialDetail,
  type CredentialList,
} from '@kyso/contracts';
import { z } from 'zod';
import { Caller, Rule } from './auth/caller.js';
import { CredentialDesk } from './credentials/credential-desk.js';

const listQuerySchema = z.strictObject({
  all: z.enum(['true', 'false']).optional(),
  after: nameSchema.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
});

/** `/v1/credentials`: the certificates that an official may be shown before signing. */
@ApiTags('credentials')
@ApiBearerAuth()
@Controller('v1/credentials')
export class CredentialsController {
  constructor(@Inject(CredentialDesk) private readonly desk: CredentialDesk) {}

  @Get()
  @Rule({ scope: ['sign', 'manage'] })
  @ApiOperation({
    summary: 'Lists the credentials that this client may use',
    description: 'Ordered by id. `all=true`, for clients of scope manage: every credential.',
  })
  @ApiQuery({ name: 'all', required: false, schema: { type: 'string', enum: ['true', 'false'] } })
  @ApiQuery({ name: 'after', required: false, description: '`next` of the answer before' })
  @ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 1000, default: 1000 } })
  @ApiResponse({ status: 200, description: 'Certificates, keys and tokens', standardSchema: credentialListSchema })
  async list(
    @Caller() caller: ApiClientRecord,
    @Query({ schema: listQuerySchema }) query: z.infer<typeof listQuerySchema>,
  ): Promise<CredentialList> {
    const all = query.all === 'true';
    if (all && !caller.scopes.includes('manage')) throw new SigningError('FORBIDDEN', { expected: 'scope manage' });
    return this.desk.list(caller, { all, after: query.after, limit: query.limit });
  }

  @Get(':credentialId')
  @Rule({ scope: ['sign', 'manage'] })
  @ApiOperation({
    summary: 'Shows what will be used before it is used',
    description:
      'The certificate, its revocation status now, the token, warnings; to clients of scope manage, everything.',
  })
  @ApiResponse({ status: 200, description: 'The credential', standardSchema: credentialDetailSchema })
  show(
    @Caller() caller: ApiClientRecord,
    @Param('credentialId', { schema: nameSchema }) credentialId: string,
  ): Promise<CredentialDetail> {
    return this.desk.show(caller, credentialId);
  }
}

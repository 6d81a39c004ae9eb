import { Controller, Get, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { credentialListSchema, type ApiClientRecord, type Credential } from '@kyso/contracts';
import { Caller, Rule } from './auth/caller.js';
import { CredentialRegistry, describeCredential } from './credentials/credential-registry.js';
import { TokenStates } from './tokens/token-states.js';

/** `/v1/credentials`: the certificates that an official may be shown before signing. */
@ApiTags('credentials')
@ApiBearerAuth()
@Controller('v1/credentials')
export class CredentialsController {
  constructor(
    @Inject(CredentialRegistry) private readonly credentials: CredentialRegistry,
    @Inject(TokenStates) private readonly tokens: TokenStates,
  ) {}

  @Get()
  @Rule({ scope: 'sign' })
  @ApiOperation({ summary: 'Lists the credentials that this client may use', description: 'Ordered by id.' })
  @ApiResponse({ status: 200, description: 'Certificates, keys and tokens', standardSchema: credentialListSchema })
  async list(@Caller() caller: ApiClientRecord): Promise<{ credentials: Credential[] }> {
    const usable = await this.credentials.usableBy(caller);
    return {
      credentials: await Promise.all(
        usable.map(async (known) => describeCredential(known, caller, await this.tokens.of(known.record.token))),
      ),
    };
  }
}

import { Controller, Get, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { policyListSchema, type ApiClientRecord, type PolicyList } from '@kyso/contracts';
import { Caller, Rule } from './auth/caller.js';
import { Policies } from './policies/policies.js';

/** `/v1/policies`: what signatures are held to. */
@ApiTags('policies')
@ApiBearerAuth()
@Controller('v1/policies')
export class PoliciesController {
  constructor(@Inject(Policies) private readonly policies: Policies) {}

  @Get()
  @Rule({ scope: 'sign' })
  @ApiOperation({
    summary: 'Lists the signing policies that this client may name',
    description: 'As they are configured; empty where none are. A job keeps to the one under which it was accepted.',
  })
  @ApiResponse({ status: 200, description: 'Policies, the default first', standardSchema: policyListSchema })
  list(@Caller() caller: ApiClientRecord): PolicyList {
    return this.policies.list(caller);
  }
}

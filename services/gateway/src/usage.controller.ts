import { Controller, Get, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  clientUsageSchema,
  usageReportSchema,
  type ApiClientRecord,
  type ClientUsage,
  type UsageReport,
} from '@kyso/contracts';
import { Caller, Rule } from './auth/caller.js';
import { UsageDesk } from './retention/usage-desk.js';

/** `/v1/usage`: what clients take up, and what of it will be erased. */
@ApiTags('usage')
@ApiBearerAuth()
@Controller('v1/usage')
export class UsageController {
  constructor(@Inject(UsageDesk) private readonly desk: UsageDesk) {}

  @Get()
  @Rule({ scope: ['documents', 'sign', 'operate', 'manage', 'erase'] })
  @ApiOperation({ summary: 'Shows what the caller takes up, its quotas, and how long what is kept' })
  @ApiResponse({ status: 200, description: 'The usage', standardSchema: clientUsageSchema })
  show(@Caller() caller: ApiClientRecord): Promise<ClientUsage> {
    return this.desk.show(caller);
  }

  @Get('clients')
  @Rule({ scope: 'operate' })
  @ApiOperation({ summary: 'Shows what every client takes up, and what the last sweep of the retention did' })
  @ApiResponse({ status: 200, description: 'All clients', standardSchema: usageReportSchema })
  all(): Promise<UsageReport> {
    return this.desk.report();
  }
}

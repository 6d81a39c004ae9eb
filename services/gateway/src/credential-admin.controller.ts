import {
  Body,
  Controller,
  createParamDecorator,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Res,
  type ExecutionContext,
} from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  actorSchema,
  credentialChangeListSchema,
  credentialDetailSchema,
  credentialSettingsSchema,
  delegationRequestSchema,
  delegationSchema,
  enrolmentSchema,
  importReportSchema,
  nameSchema,
  renewalSchema,
  SigningError,
  switchingSchema,
  type CredentialChange,
  type CredentialDetail,
  type CredentialSettings,
  type Delegation,
  type DelegationRequest,
  type Enrolment,
  type ImportReport,
  type Renewal,
  type Switching,
} from '@kyso/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { callerOf, Rule } from './auth/caller.js';
import { CredentialBook } from './credentials/credential-book.js';
import { CredentialDesk } from './credentials/credential-desk.js';
import { CredentialImport } from './credentials/credential-import.js';
import { CredentialOffice, type Administration } from './credentials/credential-office.js';
import { headerOf } from './openapi/headers.js';

const manage = { scope: 'manage', accepts: ['application/json'] } as const;
const actorQuerySchema = z.strictObject({ actor: actorSchema.shape.id.optional() });
const importQuerySchema = z.strictObject({ dryRun: z.enum(['true', 'false']).default('false') });
const changesQuerySchema = z.strictObject({ after: z.coerce.number().int().min(0).max(1_000_000).default(0) });
const credentialId = { schema: nameSchema };
const delegationId = { schema: delegationSchema.shape.delegationId };
const answer = { description: 'The credential as it is now', standardSchema: credentialDetailSchema };

/** Parameter of a handler: who changes something, in which request. */
const By = createParamDecorator((_data: unknown, context: ExecutionContext): Administration => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return { caller: callerOf(request), requestId: request.id };
});

/** `/v1/credentials`: keys are enrolled, entrusted, renewed and withdrawn. Every change is on record before it counts. */
@ApiTags('credentials')
@ApiBearerAuth()
@Controller('v1/credentials')
export class CredentialAdminController {
  constructor(
    @Inject(CredentialOffice) private readonly office: CredentialOffice,
    @Inject(CredentialBook) private readonly book: CredentialBook,
    @Inject(CredentialDesk) private readonly desk: CredentialDesk,
    @Inject(CredentialImport) private readonly sheets: CredentialImport,
  ) {}

  @Post()
  @Rule(manage)
  @ApiOperation({
    summary: 'Enrols a key',
    description:
      'The key and its certificate are those of `GET /v1/tokens`; they are checked against each other, and the chain up ' +
      'to a trusted root.',
  })
  @ApiResponse({ status: 201, ...answer, headers: { Location: headerOf('Address of the credential') } })
  async enrol(
    @By() by: Administration,
    @Body({ schema: enrolmentSchema }) body: Enrolment,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CredentialDetail> {
    const record = await this.office.enrol(body, by);
    void reply.header('location', `/v1/credentials/${record.credentialId}`);
    return this.desk.show(by.caller, record.credentialId);
  }

  @Get('export')
  @Rule({ scope: 'manage' })
  @ApiOperation({
    summary: 'Gives all credentials as a spreadsheet',
    description:
      'CSV in UTF-8 with a byte order mark, as POST /v1/credentials/import takes it; without those that are switched off, and ' +
      'without delegations.',
  })
  @ApiResponse({
    status: 200,
    description: 'One row for each credential',
    content: { 'text/csv': { schema: { type: 'string' } } },
  })
  async export(@Res() reply: FastifyReply): Promise<void> {
    const sheet = await this.sheets.export();
    void reply
      .headers({
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="credentials.csv"',
      })
      .send(sheet);
  }

  @Post('import')
  @HttpCode(200)
  @Rule({ scope: 'manage', accepts: ['text/csv'] })
  @ApiOperation({
    summary: 'Enrols the keys of a spreadsheet',
    description:
      'CSV in UTF-8, commas, semicolons or tabs; headings as the fields of an Enrolment, in any order. All rows are checked ' +
      'first: with one fault nothing is enrolled, and `faults` has every one by line. A row whose credential is enrolled just ' +
      'so changes nothing, so that an import can be repeated.',
  })
  @ApiQuery({ name: 'dryRun', required: false, enum: ['true', 'false'], description: 'true: only checks' })
  @ApiBody({ required: true, schema: { type: 'string' }, description: 'The CSV file' })
  @ApiConsumes('text/csv')
  @ApiResponse({
    status: 200,
    description: 'What was enrolled, or why nothing was',
    standardSchema: importReportSchema,
  })
  import(
    @By() by: Administration,
    @Body() file: Buffer,
    @Query({ schema: importQuerySchema }) { dryRun }: z.infer<typeof importQuerySchema>,
  ): Promise<ImportReport> {
    return this.sheets.run(file, by, { dryRun: dryRun === 'true' });
  }

  @Put(':credentialId')
  @Rule(manage)
  @ApiOperation({
    summary: 'Replaces the settings of a credential',
    description: 'Owner, roles, clients, officials, hours.',
  })
  @ApiResponse({ status: 200, ...answer })
  async replaceSettings(
    @By() by: Administration,
    @Param('credentialId', credentialId) id: string,
    @Body({ schema: credentialSettingsSchema }) body: CredentialSettings,
  ): Promise<CredentialDetail> {
    await this.office.replaceSettings(id, body, by);
    return this.desk.show(by.caller, id);
  }

  @Post(':credentialId/renewal')
  @HttpCode(200)
  @Rule(manage)
  @ApiOperation({
    summary: 'Gives the credential a new key or certificate',
    description: 'What was approved with the old certificate stays approved. Jobs that wait take the new one.',
  })
  @ApiResponse({ status: 200, ...answer })
  async renew(
    @By() by: Administration,
    @Param('credentialId', credentialId) id: string,
    @Body({ schema: renewalSchema }) body: Renewal,
  ): Promise<CredentialDetail> {
    await this.office.renew(id, body, by);
    return this.desk.show(by.caller, id);
  }

  @Post(':credentialId/disable')
  @HttpCode(200)
  @Rule(manage)
  @ApiOperation({
    summary: 'Switches a credential off',
    description: 'In force in the whole cluster after 5 s (KYSO_CREDENTIAL_REREAD_MS); jobs that wait fail.',
  })
  @ApiResponse({ status: 200, ...answer })
  async disable(
    @By() by: Administration,
    @Param('credentialId', credentialId) id: string,
    @Body({ schema: switchingSchema }) body: Switching,
  ): Promise<CredentialDetail> {
    await this.office.switchTo(false, id, body, by);
    return this.desk.show(by.caller, id);
  }

  @Post(':credentialId/enable')
  @HttpCode(200)
  @Rule(manage)
  @ApiOperation({ summary: 'Switches a credential on again' })
  @ApiResponse({ status: 200, ...answer })
  async enable(
    @By() by: Administration,
    @Param('credentialId', credentialId) id: string,
    @Body({ schema: switchingSchema }) body: Switching,
  ): Promise<CredentialDetail> {
    await this.office.switchTo(true, id, body, by);
    return this.desk.show(by.caller, id);
  }

  @Post(':credentialId/delegations')
  @Rule(manage)
  @ApiOperation({
    summary: 'Lends the key of an organisation to an official for a time',
    description: 'For credentials that name their officials (`users`). Persons’ keys are lent to nobody.',
  })
  @ApiResponse({ status: 201, description: 'The delegation', standardSchema: delegationSchema })
  delegate(
    @By() by: Administration,
    @Param('credentialId', credentialId) id: string,
    @Body({ schema: delegationRequestSchema }) body: DelegationRequest,
  ): Promise<Delegation> {
    return this.office.delegate(id, body, by);
  }

  @Delete(':credentialId/delegations/:delegationId')
  @HttpCode(204)
  @Rule({ scope: 'manage' })
  @ApiOperation({ summary: 'Ends a delegation now' })
  @ApiQuery({
    name: 'actor',
    required: false,
    description: 'Id of the administrator in the caller’s system, for the record',
  })
  @ApiResponse({ status: 204, description: 'It has ended' })
  async revokeDelegation(
    @By() by: Administration,
    @Param('credentialId', credentialId) id: string,
    @Param('delegationId', delegationId) delegation: string,
    @Query({ schema: actorQuerySchema }) query: z.infer<typeof actorQuerySchema>,
  ): Promise<void> {
    const actor = query.actor === undefined ? undefined : { id: query.actor };
    await this.office.revokeDelegation(id, { delegationId: delegation, actor }, by);
  }

  @Get(':credentialId/changes')
  @Rule({ scope: 'manage' })
  @ApiOperation({
    summary: 'Lists every change of a credential',
    description: 'Who, when, why, and what it became; oldest first, 100 at a time.',
  })
  @ApiQuery({
    name: 'after',
    required: false,
    description: 'Revision of the last change that is known',
    schema: { type: 'integer', minimum: 0, default: 0 },
  })
  @ApiResponse({ status: 200, description: 'The changes', standardSchema: credentialChangeListSchema })
  async changes(
    @Param('credentialId', credentialId) id: string,
    @Query({ schema: changesQuerySchema }) { after }: z.infer<typeof changesQuerySchema>,
  ): Promise<{ changes: CredentialChange[] }> {
    const [record, changes] = await Promise.all([this.book.current(id), this.book.changes(id, after)]);
    if (record === undefined) throw new SigningError('CREDENTIAL_UNKNOWN', { found: id });
    return { changes };
  }
}

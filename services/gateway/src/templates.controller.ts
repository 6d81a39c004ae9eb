import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  importReportSchema,
  nameSchema,
  templateChangeSchema,
  templateCreationSchema,
  templateListSchema,
  templatePresetListSchema,
  templateSchema,
  templateTypeSchema,
  type ApiClientRecord,
  type ImportReport,
  type Template,
  type TemplateChange,
  type TemplateCreation,
  type TemplatePreset,
} from '@kyso/contracts';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Caller, Rule } from './auth/caller.js';
import { presets } from './templates/presets.js';
import { TemplateImport } from './templates/template-import.js';
import { TemplateOffice } from './templates/template-office.js';
import { TemplatePreview } from './templates/template-preview.js';
import { TemplateRegistry } from './templates/template-registry.js';

const manage = { scope: 'manage', accepts: ['application/json'] } as const;
const reading = { scope: ['sign', 'manage'] } as const;
const templateId = { schema: nameSchema };
const versionSchema = z.coerce.number().int().min(1).optional();
const listQuerySchema = z.strictObject({
  type: templateTypeSchema.optional(),
  credentialId: nameSchema.optional(),
});
const versionQuerySchema = z.strictObject({ version: versionSchema });
const previewQuerySchema = z.strictObject({ format: z.enum(['png', 'pdf']).default('png'), version: versionSchema });
const importQuerySchema = z.strictObject({ dryRun: z.enum(['true', 'false']).default('false') });
const csvContent = { 'text/csv': { schema: { type: 'string' as const } } };
const versionQuery = { name: 'version', required: false, description: 'Absent: the newest' };
const answer = { description: 'The template', standardSchema: templateSchema };

/** `/v1/templates`: how signatures, seals, numbers and dates look and where they stand. */
@ApiTags('templates')
@ApiBearerAuth()
@Controller('v1/templates')
export class TemplatesController {
  constructor(
    @Inject(TemplateRegistry) private readonly registry: TemplateRegistry,
    @Inject(TemplateOffice) private readonly office: TemplateOffice,
    @Inject(TemplatePreview) private readonly preview: TemplatePreview,
    @Inject(TemplateImport) private readonly sheets: TemplateImport,
  ) {}

  @Get()
  @Rule(reading)
  @ApiOperation({
    summary: 'Lists the templates that this client may use',
    description:
      'The newest version of each, by id; those of everybody and of the credentials that this client may use.',
  })
  @ApiQuery({ name: 'type', required: false })
  @ApiQuery({ name: 'credentialId', required: false, description: 'Only those of this credential' })
  @ApiResponse({ status: 200, description: 'Templates', standardSchema: templateListSchema })
  async list(
    @Caller() caller: ApiClientRecord,
    @Query({ schema: listQuerySchema }) wanted: z.infer<typeof listQuerySchema>,
  ): Promise<{ templates: Template[] }> {
    const templates = (await this.registry.list(caller)).filter(
      ({ type, owner }) =>
        (wanted.type === undefined || type === wanted.type) &&
        (wanted.credentialId === undefined ||
          (owner.kind === 'credential' && owner.credentialId === wanted.credentialId)),
    );
    return { templates };
  }

  @Get('presets')
  @Rule(reading)
  @ApiOperation({
    summary: 'Shows what the decree asks of each type',
    description:
      'Annex I of Nghị định 30/2020/NĐ-CP as templates: give one an id, an owner and an image, and post it. Without `needsImage` ' +
      'and `rule` a preset is the body of POST /v1/templates.',
  })
  @ApiResponse({ status: 200, description: 'Presets', standardSchema: templatePresetListSchema })
  presets(): { presets: readonly TemplatePreset[] } {
    return { presets };
  }

  @Post()
  @Rule(manage)
  @ApiOperation({
    summary: 'Makes a template',
    description:
      'An image of another format becomes PNG. `warnings` say what differs from the decree; nothing is refused for it.',
  })
  @ApiResponse({ status: 201, ...answer })
  create(
    @Caller() caller: ApiClientRecord,
    @Body({ schema: templateCreationSchema }) body: TemplateCreation,
  ): Promise<Template> {
    return this.office.create(caller, body);
  }

  @Get('export')
  @Rule({ scope: 'manage' })
  @ApiOperation({
    summary: 'Gives all templates as a spreadsheet',
    description: 'CSV in UTF-8 with a byte order mark, as POST /v1/templates/import takes it; images by their SHA-256.',
  })
  @ApiResponse({ status: 200, description: 'One row for each template', content: csvContent })
  async export(@Caller() caller: ApiClientRecord, @Res() reply: FastifyReply): Promise<void> {
    const sheet = await this.sheets.export(caller);
    void reply
      .headers({
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="templates.csv"',
      })
      .send(sheet);
  }

  @Post('import')
  @HttpCode(200)
  @Rule({ scope: 'manage', accepts: ['text/csv'] })
  @ApiOperation({
    summary: 'Makes templates of a spreadsheet',
    description:
      'CSV in UTF-8, commas, semicolons or tabs, headings as in the export. `templateId` and `type` are needed; an empty cell takes ' +
      'the value of the preset of its type. `image` is base64, or the SHA-256 of an image that is stored. All rows are checked ' +
      'first: with one fault nothing is imported, and `faults` has every one by line. A row whose template is so already changes ' +
      'nothing, so that an import can be repeated.',
  })
  @ApiQuery({ name: 'dryRun', required: false, enum: ['true', 'false'], description: 'true: only checks' })
  @ApiBody({ required: true, schema: { type: 'string' }, description: 'The CSV file' })
  @ApiConsumes('text/csv')
  @ApiResponse({
    status: 200,
    description: 'What was imported, or why nothing was',
    standardSchema: importReportSchema,
  })
  import(
    @Caller() caller: ApiClientRecord,
    @Body() file: Buffer,
    @Query({ schema: importQuerySchema }) { dryRun }: z.infer<typeof importQuerySchema>,
  ): Promise<ImportReport> {
    return this.sheets.run(caller, file, { dryRun: dryRun === 'true' });
  }

  @Post('check')
  @HttpCode(200)
  @Rule(manage)
  @ApiOperation({ summary: 'Checks a template without making it', description: 'Its image is kept all the same.' })
  @ApiResponse({ status: 200, ...answer })
  check(
    @Caller() caller: ApiClientRecord,
    @Body({ schema: templateCreationSchema }) body: TemplateCreation,
  ): Promise<Template> {
    return this.office.check(caller, body);
  }

  @Get(':templateId')
  @Rule(reading)
  @ApiOperation({ summary: 'Shows a template' })
  @ApiQuery(versionQuery)
  @ApiResponse({ status: 200, ...answer })
  show(
    @Caller() caller: ApiClientRecord,
    @Param('templateId', templateId) id: string,
    @Query({ schema: versionQuerySchema }) { version }: z.infer<typeof versionQuerySchema>,
  ): Promise<Template> {
    return this.registry.show(caller, id, version);
  }

  @Get(':templateId/versions')
  @Rule(reading)
  @ApiOperation({ summary: 'Shows all versions of a template', description: 'Ascending; the last one is the newest.' })
  @ApiResponse({ status: 200, description: 'Its versions', standardSchema: templateListSchema })
  async versions(
    @Caller() caller: ApiClientRecord,
    @Param('templateId', templateId) id: string,
  ): Promise<{ templates: Template[] }> {
    const { version } = await this.registry.show(caller, id);
    const numbers = Array.from({ length: version }, (_, index) => index + 1);
    return { templates: await Promise.all(numbers.map((number) => this.registry.show(caller, id, number))) };
  }

  @Put(':templateId')
  @Rule(manage)
  @ApiOperation({
    summary: 'Makes a new version of a template',
    description:
      'Whole, not only what changes. Earlier versions stay: a job records which one it used, and may name one as id@version. ' +
      'With `disabled` no new job may use it.',
  })
  @ApiResponse({ status: 200, ...answer })
  change(
    @Caller() caller: ApiClientRecord,
    @Param('templateId', templateId) id: string,
    @Body({ schema: templateChangeSchema }) body: TemplateChange,
  ): Promise<Template> {
    return this.office.change(caller, id, body);
  }

  @Get(':templateId/preview')
  @Rule(reading)
  @ApiOperation({
    summary: 'Draws a template on an A4 page',
    description:
      'As it will be drawn, with the owner’s names, or sample ones. A place that depends on a document is the one that the ' +
      'template has otherwise, or the middle; for a real document use `dryRun`.',
  })
  @ApiQuery({ name: 'format', required: false, enum: ['png', 'pdf'] })
  @ApiQuery(versionQuery)
  @ApiResponse({
    status: 200,
    description: 'The page',
    content: {
      'image/png': { schema: { type: 'string', format: 'binary' } },
      'application/pdf': { schema: { type: 'string', format: 'binary' } },
    },
  })
  async draw(
    @Caller() caller: ApiClientRecord,
    @Param('templateId', templateId) id: string,
    @Query({ schema: previewQuerySchema }) { format, version }: z.infer<typeof previewQuerySchema>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const drawn = await this.preview.draw(await this.registry.show(caller, id, version), format);
    void reply.type(format === 'png' ? 'image/png' : 'application/pdf').send(drawn);
  }
}

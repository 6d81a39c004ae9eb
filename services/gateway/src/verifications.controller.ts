import { Readable } from 'node:stream';
import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  SigningError,
  validationReportSchema,
  verificationRequestSchema,
  type ApiClientRecord,
  type ValidationReport,
} from '@kyso/contracts';
import { RequestInvalid } from '@kyso/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller, Rule } from './auth/caller.js';
import { closingOnRefusal, declaredBytes } from './documents/request-body.js';
import { pdfSchema } from './openapi/headers.js';
import { Verifications } from './verification/verifications.js';

/** `/v1/verifications`: says what signatures are worth. */
@ApiTags('verifications')
@ApiBearerAuth()
@Controller('v1/verifications')
export class VerificationsController {
  constructor(@Inject(Verifications) private readonly verifications: Verifications) {}

  @Post()
  @Rule({ scope: 'verify', accepts: ['application/pdf', 'application/json'] })
  @HttpCode(200)
  @ApiOperation({
    summary: 'Validates every signature of a PDF',
    description:
      'The body is the PDF itself (`application/pdf`; nothing of it is kept), or JSON (schema VerificationRequest) that ' +
      'names a stored document of this client, for which the scope `documents` is needed too.',
  })
  @ApiConsumes('application/pdf', 'application/json')
  @ApiBody({ required: true, description: 'The PDF, or the name of a stored one', schema: pdfSchema })
  @ApiResponse({ status: 200, description: 'One report for each signature', standardSchema: validationReportSchema })
  async verify(
    @Caller() caller: ApiClientRecord,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ValidationReport> {
    if (body instanceof Readable) {
      return closingOnRefusal(request, reply, () => this.verifications.ofBody(body, declaredBytes(request)));
    }
    const parsed = verificationRequestSchema.safeParse(body);
    if (!parsed.success) {
      throw new RequestInvalid(
        parsed.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message })),
      );
    }
    if (!caller.scopes.includes('documents')) throw new SigningError('FORBIDDEN', { expected: 'scope documents' });
    return this.verifications.ofStored(caller, parsed.data.documentId, parsed.data.version ?? 'current');
  }
}

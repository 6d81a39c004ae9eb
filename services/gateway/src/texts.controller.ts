import { Controller, Get, Headers, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { scopeSchema, textCatalogueSchema } from '@kyso/contracts';
import type { FastifyReply } from 'fastify';
import { Rule } from './auth/caller.js';
import { matchesTag } from './documents/byte-range.js';
import { headerOf } from './openapi/headers.js';
import { textCatalogueEtag, textCatalogueJson } from './texts/text-catalogue.js';

/** Texts change with a release only; an hour later every portal has the new ones. */
const cacheControl = 'private, max-age=3600';

/** `/v1/texts`: the words for what the other answers hold. */
@ApiTags('texts')
@ApiBearerAuth()
@Controller('v1/texts')
export class TextsController {
  @Get()
  @Rule({ scope: scopeSchema.options })
  @ApiOperation({
    summary: 'Gives every text that officials read, in Vietnamese and English',
    description:
      'So that a portal shows the same words as this service. Any client may ask. Keep it, and ask again with If-None-Match.',
  })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'The ETag that is kept' })
  @ApiResponse({
    status: 200,
    description: 'Texts by group and code',
    standardSchema: textCatalogueSchema,
    headers: {
      ETag: headerOf('Another one whenever a text is another one'),
      'Cache-Control': headerOf('How long it may be kept without asking'),
    },
  })
  @ApiResponse({ status: 304, description: 'What is kept is still right' })
  show(@Headers('if-none-match') ifNoneMatch: string | undefined, @Res() reply: FastifyReply): void {
    void reply.headers({ etag: textCatalogueEtag, 'cache-control': cacheControl });
    if (matchesTag(ifNoneMatch, textCatalogueEtag)) void reply.code(304).send();
    else void reply.type('application/json; charset=utf-8').send(textCatalogueJson);
  }
}

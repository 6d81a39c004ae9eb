import { Readable } from 'node:stream';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Module,
  Param,
  Post,
  StreamableFile,
  UseGuards,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { SigningError } from '@kyso/contracts';
import { z } from 'zod';
import { Readiness } from './readiness.js';
import { LOGGER, STOP_SIGNAL } from './runtime.module.js';
import { ServiceTokenGuard } from './service-token.js';
import type { Logger } from 'pino';

const bodySchema = z.strictObject({
  level: z.enum(['B-B', 'B-T']).default('B-B'),
  steps: z.array(z.strictObject({ widthPt: z.number() })).min(1),
});

/** Routes that do what services do, and what must not happen to them. */
@Controller('v1')
class OpenController {
  constructor(@Inject(STOP_SIGNAL) private readonly stopSignal: AbortSignal) {}

  @Post('jobs')
  @HttpCode(202)
  create(@Body({ schema: bodySchema }) body: z.infer<typeof bodySchema>): unknown {
    return body;
  }

  @Get('jobs/:jobId')
  job(@Param('jobId', { schema: z.string().regex(/^job_/) }) jobId: string): unknown {
    throw new SigningError('JOB_UNKNOWN', { expected: 'a job', found: jobId });
  }

  @Get('fails')
  fails(): never {
    throw new Error('secret detail', { cause: new Error('deeper detail') });
  }

  @Get('busy')
  busy(): never {
    throw new SigningError('QUEUE_UNAVAILABLE', { expected: 'redis', found: 'ECONNREFUSED' });
  }

  @Get('breaks-off')
  breaksOff(): StreamableFile {
    const parts = (async function* () {
      yield Buffer.alloc(100_000, 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new SigningError('STORE_UNAVAILABLE');
    })();
    return new StreamableFile(Readable.from(parts));
  }

  @Post('upload')
  @HttpCode(200)
  async upload(@Body() body: Readable): Promise<unknown> {
    let sizeBytes = 0;
    try {
      for await (const chunk of body) {
        sizeBytes += (chunk as Buffer).length;
        if (sizeBytes > 4_000_000) throw new SigningError('DOCUMENT_TOO_LARGE', { expected: 'at most 4000000 bytes' });
      }
    } catch (error) {
      if (!(error instanceof SigningError)) uploads.broken += 1;
      throw error;
    }
    return { sizeBytes };
  }

  @Post('refused')
  refused(@Body() _body: Readable): never {
    throw new SigningError('FORBIDDEN');
  }

  @Post('query')
  @HttpCode(200)
  query(@Body() body: Buffer): unknown {
    return { hex: body.toString('hex') };
  }

  @Get('slow')
  async slow(): Promise<unknown> {
    await new Promise((resolve) => setTimeout(resolve, 700));
    return { done: true };
  }

  @Get('waits')
  async waits(): Promise<unknown> {
    await new Promise((resolve) => this.stopSignal.addEventListener('abort', resolve));
    return { stopped: true };
  }

  @Get('hangs')
  async hangs(): Promise<unknown> {
    return new Promise(() => undefined);
  }
}

@Controller('internal')
@UseGuards(ServiceTokenGuard)
class GuardedController {
  @Get('secret')
  secret(): unknown {
    return { secret: true };
  }
}

/** Uploads that broke off. */
export const uploads = { broken: 0 };

/** What readiness says; tests flip it. */
export const dependency = { works: true };

@Module({ controllers: [OpenController, GuardedController] })
export class TestModule implements OnApplicationShutdown {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Readiness) readiness: Readiness,
  ) {
    readiness.add('dependency', () => (dependency.works ? Promise.resolve() : Promise.reject(new Error('it is gone'))));
  }

  async onApplicationShutdown(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 100));
    this.logger.info('shutdown hook ran');
  }
}

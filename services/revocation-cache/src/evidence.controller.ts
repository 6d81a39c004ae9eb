import { Body, Controller, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { evidenceRequestSchema } from '@kyso/contracts';
import type { Evidence, EvidenceRequest } from '@kyso/contracts';
import { ServiceTokenGuard } from '@kyso/service';
import { EvidenceCollector } from './collect-evidence.js';

/** The one door, behind the service token. */
@Controller('v1/evidence')
@UseGuards(ServiceTokenGuard)
export class EvidenceController {
  constructor(@Inject(EvidenceCollector) private readonly collector: EvidenceCollector) {}

  /** A chain in, what proves it out. A certificate about which nothing can be had is `unknown`, not an error. */
  @Post()
  @HttpCode(200)
  evidence(@Body({ schema: evidenceRequestSchema }) request: EvidenceRequest): Promise<Evidence> {
    return this.collector.collect(
      request.chain,
      request.notOlderThan === undefined ? undefined : new Date(request.notOlderThan),
    );
  }
}

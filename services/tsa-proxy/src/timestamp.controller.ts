import { Body, Controller, Header, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { CmsError, parseTimestampRequest, type TimestampRequest } from '@kyso/cms';
import { SigningError } from '@kyso/contracts';
import { ServiceTokenGuard } from '@kyso/service';
import { obtainTimestamp, type TimestampPorts } from './obtain-timestamp.js';
import { grantedReply } from './timestamp-reply.js';

/** Injects the TimestampPorts of the application. */
export const TIMESTAMP_PORTS = Symbol('timestamp ports');

/** The one door: RFC 3161 over HTTP, behind the service token. Failures are problem documents, not PKIStatus. */
@Controller()
@UseGuards(ServiceTokenGuard)
export class TimestampController {
  constructor(@Inject(TIMESTAMP_PORTS) private readonly ports: TimestampPorts) {}

  /** Body: DER TimeStampReq. Answer: DER TimeStampResp with a token that was checked. */
  @Post()
  @HttpCode(200)
  @Header('content-type', 'application/timestamp-reply')
  async timestamp(@Body() requestDer: unknown): Promise<Buffer> {
    const { tokenDer } = await obtainTimestamp(readRequest(requestDer), this.ports);
    return grantedReply(tokenDer);
  }
}

/** Throws SigningError MEDIA_TYPE_UNSUPPORTED, TSA_REQUEST_INVALID. */
function readRequest(body: unknown): TimestampRequest {
  if (!Buffer.isBuffer(body))
    throw new SigningError('MEDIA_TYPE_UNSUPPORTED', { expected: 'application/timestamp-query' });
  let request: TimestampRequest;
  try {
    request = parseTimestampRequest(body);
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    throw new SigningError('TSA_REQUEST_INVALID', { expected: error.expected, found: error.found, cause: error });
  }
  // Without the TSA's certificate in it a token can neither be checked here nor be kept for decades.
  if (!request.certReq) throw new SigningError('TSA_REQUEST_INVALID', { expected: 'certReq TRUE', found: 'FALSE' });
  return request;
}

/** Port to a time-stamping service that speaks RFC 3161. */
export interface TimestampSource {
  /**
   * DER of a TimeStampResp for the DER of a TimeStampReq. Its caller checks the answer whoever gave it.
   * Throws SigningError TSA_UNAVAILABLE, CLOCK_SKEWED.
   */
  respond(requestDer: Uint8Array, context: { readonly requestId: string }): Promise<Uint8Array>;
}

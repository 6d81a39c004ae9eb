/** An S3 bucket on any server, addressed path style. */
export interface S3Config {
  /** `http://host:port` or `https://host`. */
  readonly endpoint: string;
  /** Must exist. */
  readonly bucket: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /**
   * true accepts a server that ignores `If-None-Match: *`; create is then a stat and a put, and two processes may both be told
   * that they were first. For development servers only. Default false.
   */
  readonly allowUnconditionalCreate?: boolean;
}

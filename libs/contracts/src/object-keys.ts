/** Where things lie in the object store. Ids were checked by their schemas, so they hold no `/` and no `..`. */
export const objectKeys = {
  documentRecord: (documentId: string) => `documents/${documentId}/document.json`,
  version: (documentId: string, version: number) => `documents/${documentId}/${version}.pdf`,
  versionRecord: (documentId: string, version: number) => `documents/${documentId}/${version}.json`,
  intent: (documentId: string, version: number) => `documents/${documentId}/${version}.intent.json`,
  image: (sha256: string) => `images/${sha256}.png`,
  jobRequest: (jobId: string) => `jobs/${jobId}/request.json`,
  stepResult: (jobId: string, step: number) => `jobs/${jobId}/steps/${step}.json`,
  outcome: (jobId: string) => `jobs/${jobId}/outcome.json`,
  /** Exists from before the 202 until the outcome is stored; the reconciler lists `openJobsPrefix`. */
  openJob: (jobId: string) => `open-jobs/${jobId}`,
  openJobsPrefix: 'open-jobs/',
  idempotency: (clientId: string, keySha256: string) => `idempotency/${clientId}/${keySha256}.json`,
  credential: (credentialId: string) => `credentials/${credentialId}.json`,
  credentialsPrefix: 'credentials/',
  client: (clientId: string) => `clients/${clientId}.json`,
  quarantine: (token: string) => `tokens/${token}/quarantine.json`,
} as const;

/** Where things lie in the object store. Ids were checked by their schemas, so they hold no `/` and no `..`. */
export const objectKeys = {
  documentRecord: (documentId: string) => `documents/${documentId}/document.json`,
  /** The image that version 0 was made of, as it was handed in; its type and hash stand in the document's record. */
  uploadedScan: (documentId: string) => `documents/${documentId}/source`,
  documentsPrefix: 'documents/',
  version: (documentId: string, version: number) => `documents/${documentId}/${version}.pdf`,
  /** Of versions from 1 on; what is known of version 0 stands in the document's record. */
  release: (documentId: string, version: number) => `documents/${documentId}/${version}.json`,
  intent: (documentId: string, version: number) => `documents/${documentId}/${version}.intent.json`,
  /** Of versions of documents of which a signature waits for its time-stamp; the highest generation counts. */
  turn: (documentId: string, version: number, generation: number) =>
    `documents/${documentId}/${version}.turn-${generation}.json`,
  /** What is left of a document that was erased; created once, before anything is deleted. */
  erasure: (documentId: string) => `documents/${documentId}/erased.json`,
  documentPrefix: (documentId: string) => `documents/${documentId}/`,
  /** Exists from before the erasure until nothing can be left of the document. */
  openErasure: (erasure: { readonly documentId: string; readonly atMs: number }) =>
    `open-erasures/${String(erasure.atMs).padStart(13, '0')}.${erasure.documentId}`,
  openErasuresPrefix: 'open-erasures/',
  image: (sha256: string) => `images/${sha256}.png`,
  jobRequest: (jobId: string) => `jobs/${jobId}.json`,
  jobsPrefix: 'jobs/',
  jobFailure: (jobId: string) => `jobs/${jobId}.failure.json`,
  /**
   * Exists from before the 202 until the job has ended; the reconciler lists `openJobsPrefix`. `createdAt` of the job comes
   * first, in milliseconds since 1970, 13 digits, so that the listing tells how old a job is.
   */
  openJob: (job: { readonly jobId: string; readonly createdAt: string }) =>
    `open-jobs/${String(Date.parse(job.createdAt)).padStart(13, '0')}.${job.jobId}`,
  openJobsPrefix: 'open-jobs/',
  /** Exists from the end of a job until its document holds the time-stamp that its signatures were released without. */
  openTimestamp: (job: { readonly jobId: string; readonly createdAt: string }) =>
    `open-timestamps/${String(Date.parse(job.createdAt)).padStart(13, '0')}.${job.jobId}`,
  openTimestampsPrefix: 'open-timestamps/',
  batch: (batchId: string) => `batches/${batchId}/batch.json`,
  batchPrefix: (batchId: string) => `batches/${batchId}/`,
  batchManifest: (batchId: string) => `batches/${batchId}/manifest.json`,
  manifestChunk: ({ batchId, intake, chunk }: { batchId: string; intake: string; chunk: number }) =>
    `batches/${batchId}/manifests/${intake}/${sixDigits(chunk)}.ndjson`,
  batchChunk: (batchId: string, chunk: number) => `batches/${batchId}/chunks/${sixDigits(chunk)}.json`,
  batchChunksPrefix: (batchId: string) => `batches/${batchId}/chunks/`,
  fedChunk: (batchId: string, chunk: number) => `batches/${batchId}/chunks/${sixDigits(chunk)}.fed.json`,
  groupOutcome: ({ batchId, chunk, group }: { batchId: string; chunk: number; group: number }) =>
    `batches/${batchId}/chunks/${sixDigits(chunk)}.${group}.done.json`,
  /** From 1 on; the last one counts. */
  batchControl: (batchId: string, n: number) => `batches/${batchId}/controls/${String(n).padStart(4, '0')}.json`,
  batchEnd: (batchId: string) => `batches/${batchId}/end.json`,
  /** Exists from before the answer until the batch has ended. */
  openBatch: (batch: { readonly batchId: string; readonly createdAt: string }) =>
    `open-batches/${String(Date.parse(batch.createdAt)).padStart(13, '0')}.${batch.batchId}`,
  openBatchesPrefix: 'open-batches/',
  /** The batches of a client, for ever. */
  clientBatch: (batch: { readonly clientId: string; readonly batchId: string; readonly createdAt: string }) =>
    `client-batches/${batch.clientId}/${String(Date.parse(batch.createdAt)).padStart(13, '0')}.${batch.batchId}`,
  allClientBatchesPrefix: 'client-batches/',
  clientBatchesPrefix: (clientId: string) => `client-batches/${clientId}/`,
  /** What a client puts into the store itself, to be signed by a batch. */
  inbox: (clientId: string, path: string) => `inbox/${clientId}/${path}`,
  credential: (credentialId: string) => `credentials/${credentialId}.json`,
  credentialsPrefix: 'credentials/',
  /** What the credential became by its `revision`th change; created once. */
  credentialChange: (credentialId: string, revision: number) =>
    `credential-changes/${credentialId}/${String(revision).padStart(6, '0')}.json`,
  credentialChangesPrefix: (credentialId: string) => `credential-changes/${credentialId}/`,
  /** Versions from 1 on, so that a listing has them in order. */
  template: (templateId: string, version: number) => `templates/${templateId}/${String(version).padStart(6, '0')}.json`,
  templateVersionsPrefix: (templateId: string) => `templates/${templateId}/`,
  templatesPrefix: 'templates/',
  /** A number of a year's register; who claimed it last has the highest generation. */
  numberClaim: (at: { readonly register: string; readonly year: string }, keySha256: string, generation: number) =>
    `registers/${at.register}/${at.year}/${keySha256}/${String(generation).padStart(4, '0')}.json`,
  numbersPrefix: (at: { readonly register: string; readonly year: string }) => `registers/${at.register}/${at.year}/`,
  clientsPrefix: 'clients/',
  client: (clientId: string) => `clients/${clientId}.json`,
  quarantine: (token: string) => `tokens/${token}/quarantine.json`,
  /** What a signer last read from the token: public data. */
  inventory: (token: string) => `tokens/${token}/inventory.json`,
  /** Who took the token out of the quarantine that began at `at`; created once. */
  lifting: (token: string, at: string) => `tokens/${token}/liftings/${Date.parse(at)}.json`,
  /** The token is out of use for maintenance while it is there. */
  drain: (token: string) => `tokens/${token}/drain.json`,
  /** Who put the token back into use after the drain that began at `at`; created once. */
  resumption: (token: string, at: string) => `tokens/${token}/resumptions/${Date.parse(at)}.json`,
  tokensPrefix: 'tokens/',
  activation: (activationId: string) => `activations/${activationId}/activation.json`,
  /** The `n`th step that is signed with the activation, n from 1; created once. */
  activationUse: (activationId: string, n: number) => `activations/${activationId}/uses/${n}.json`,
  activationEnd: (activationId: string) => `activations/${activationId}/end.json`,
  /** Deleted when it is used up, wrong or expired; the time comes first so that a listing tells which have expired. */
  sealedPin: (activation: { readonly activationId: string; readonly expiresAt: string }) =>
    `sealed-pins/${String(Date.parse(activation.expiresAt)).padStart(13, '0')}.${activation.activationId}`,
  sealedPinsPrefix: 'sealed-pins/',
  webhook: (clientId: string, webhookId: string) => `webhooks/${clientId}/${webhookId}.json`,
  webhooksPrefix: (clientId: string) => `webhooks/${clientId}/`,
  /** What happened to something of a client that has webhooks, until it is handed to each of them. */
  outboxEvent: (event: { readonly clientId: string; readonly eventId: string; readonly at: string }) =>
    `event-outbox/${event.clientId}/${String(Date.parse(event.at)).padStart(13, '0')}.${event.eventId}`,
  outboxPrefix: 'event-outbox/',
  /** An event that an endpoint is still to be told of. `name`: see DeliveryName of the gateway. */
  webhookDelivery: (to: { readonly clientId: string; readonly webhookId: string }, name: string) =>
    `webhook-deliveries/${to.clientId}/${to.webhookId}/${name}`,
  webhookDeliveriesPrefix: 'webhook-deliveries/',
  deadLetter: (to: { readonly clientId: string; readonly webhookId: string }, name: string) =>
    `webhook-dead-letters/${to.clientId}/${to.webhookId}/${name}`,
  deadLettersOf: (to: { readonly clientId: string; readonly webhookId: string }) =>
    `webhook-dead-letters/${to.clientId}/${to.webhookId}/`,
  deadLettersPrefix: 'webhook-dead-letters/',
} as const;

function sixDigits(n: number): string {
  return String(n).padStart(6, '0');
}

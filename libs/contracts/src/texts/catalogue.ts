import { z } from 'zod';
import { failureCodes } from '../failure-codes.js';
import { warningCodes } from '../warnings.js';
import { credentialTexts } from './credential-texts.js';
import { importFaultTexts } from './import-fault-texts.js';
import { jobTexts } from './job-texts.js';
import { templateTexts } from './template-texts.js';
import { verificationTexts } from './verification-texts.js';
import { webhookTexts } from './webhook-texts.js';

/**
 * Every text that officials and operators read of what this service answers. A group has the name of a schema of the interface:
 * of an enumeration it has the values, of an object the names of its fields. A value without a text does not compile. What a
 * validation report gives as reasons is in libs/validation, whose words it is; `GET /v1/texts` has both.
 */
export const texts = {
  ...jobTexts,
  ...credentialTexts,
  ...templateTexts,
  ...verificationTexts,
  ...webhookTexts,
  FailureCode: failureCodes,
  WarningCode: warningCodes,
  ImportFaultCode: importFaultTexts,
} as const;

const textSchema = z.object({
  vi: z.string().describe('Vietnamese, Unicode NFC'),
  en: z.string().describe('The same in English'),
});

/** `GET /v1/texts`. */
export const textCatalogueSchema = z
  .object({
    groups: z
      .record(z.string(), z.record(z.string(), textSchema))
      .describe(
        'Group, then code. A group has the name of a schema of this interface: of an enumeration it has the values, of an object ' +
          'the names of its fields. {detail} in a text is what was found. ReasonCode: reasons of a validation report; SubIndication: its ' +
          'sub-indications. Groups and codes are added with time',
      ),
  })
  .meta({ id: 'TextCatalogue' });
export type TextCatalogue = z.infer<typeof textCatalogueSchema>;

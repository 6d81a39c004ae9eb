import { buildChain, CmsError, type Certificate } from '@kyso/cms';
import { checkKey } from './algorithms.js';
import type { Finding } from './reasons.js';

export interface ChainJudgement {
  /** Leaf first, anchor last; absent when there is none at that time. */
  readonly chain?: readonly Certificate[];
  readonly findings: readonly Finding[];
}

/** A path to an anchor, every link checked at `at` (RFC 5280, 6.1), with keys and key usage that are accepted. */
export function judgeChain(
  leaf: Certificate,
  options: { intermediates: readonly Certificate[]; trustAnchors: readonly Certificate[]; at: Date },
): ChainJudgement {
  try {
    const chain = buildChain(leaf, options);
    const issued = chain.length > 1 ? chain.slice(0, -1) : chain;
    return { chain, findings: [...checkKeyUsage(leaf), ...issued.flatMap(checkKey)] };
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    return { findings: [findingOf(error, leaf, options.at)] };
  }
}

/**
 * A signature that people rely on is made with digitalSignature or nonRepudiation (RFC 5280, 4.2.1.3; ETSI EN 319 412-2,
 * 4.3.2). Without the extension the key is for everything.
 */
function checkKeyUsage({ keyUsage }: Certificate): Finding[] {
  if (!keyUsage || keyUsage.has('digitalSignature') || keyUsage.has('nonRepudiation')) return [];
  return [{ code: 'KEY_USAGE', detail: [...keyUsage].join(', ') }];
}

function findingOf(error: CmsError, leaf: Certificate, at: Date): Finding {
  switch (error.code) {
    case 'NO_CHAIN':
    case 'SIGNATURE_WRONG':
      return { code: 'CHAIN_NOT_FOUND', detail: leaf.issuer };
    case 'EXPIRED':
      return { code: 'EXPIRED_NO_POE', detail: `${leaf.commonName}, ${error.message}` };
    case 'NOT_YET_VALID':
      // Only the signer's own certificate proves that the signature is older than it.
      return at < leaf.notBefore
        ? { code: 'NOT_YET_VALID', detail: `${at.toISOString()} < ${leaf.notBefore.toISOString()}` }
        : { code: 'CHAIN_CONSTRAINT', detail: error.message };
    case 'UNSUPPORTED':
      return { code: 'ALGORITHM_NOT_ACCEPTED', detail: error.message };
    default:
      return { code: 'CHAIN_CONSTRAINT', detail: error.message };
  }
}

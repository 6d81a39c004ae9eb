/** Algorithms for one credential's key. */
export type KeyKind = 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'p-256' | 'p-384';

/** One credential that the sandbox is to have: its key, its certificate, its place. */
export interface CredentialPlan {
  /** Letters, digits and `-`; also the label of the key and the certificate on the token. */
  credentialId: string;
  kind: 'person' | 'organisation';
  keyKind: KeyKind;
  /** Default: rsa-pkcs1 for RSA keys, ecdsa for the others. */
  scheme?: 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa';
  /** Label of the SoftHSM token; several credentials may share one. Default: the credential's own id. */
  token?: string;
  subject: {
    commonName: string;
    organisation?: string;
    organisationalUnit?: string;
    title?: string;
    email?: string;
  };
  /** Default: a day before the sandbox was made. */
  notBefore?: Date;
  /** Default: three years after the sandbox was made. */
  notAfter?: Date;
}

/** A credential that exists: its key lies in SoftHSM and cannot leave it. */
export interface SandboxCredential {
  readonly credentialId: string;
  readonly kind: 'person' | 'organisation';
  /** SoftHSM token label, also the token name in the signer's configuration. */
  readonly token: string;
  /** CKA_ID of key and certificate, hexadecimal. */
  readonly keyId: string;
  readonly scheme: 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa';
  /** Leaf, then the issuing CA. */
  readonly certificatesPem: string;
  readonly subjectName: string;
}

const organisation = 'Uỷ ban nhân dân tỉnh Hưng Yên (thử nghiệm)';
const office = 'Văn phòng Uỷ ban nhân dân tỉnh';

/**
 * The people and the organisation of the demo, on three tokens: the leader's, the office's (clerk and seal), and one
 * with the other algorithms and the cases that must be refused.
 */
export const demoCredentials: readonly CredentialPlan[] = [
  {
    credentialId: 'leader',
    kind: 'person',
    keyKind: 'rsa-2048',
    token: 'leader',
    subject: {
      commonName: 'Nguyễn Văn An',
      title: 'Phó Chủ tịch',
      organisation,
      email: 'nguyenvanan@hungyen.example',
    },
  },
  {
    credentialId: 'clerk',
    kind: 'person',
    keyKind: 'rsa-2048',
    token: 'office',
    subject: {
      commonName: 'Trần Thị Bích',
      title: 'Văn thư',
      organisation,
      organisationalUnit: office,
      email: 'tranthibich@hungyen.example',
    },
  },
  {
    credentialId: 'organisation',
    kind: 'organisation',
    keyKind: 'rsa-2048',
    token: 'office',
    subject: { commonName: organisation, organisation, email: 'ubnd@hungyen.example' },
  },
  {
    credentialId: 'leader-pss',
    kind: 'person',
    keyKind: 'rsa-3072',
    scheme: 'rsa-pss',
    token: 'algorithms',
    subject: {
      commonName: 'Lê Quốc Đạt',
      title: 'Giám đốc Sở',
      organisation,
      organisationalUnit: 'Sở Khoa học và Công nghệ',
      email: 'lequocdat@hungyen.example',
    },
  },
  {
    credentialId: 'leader-ecdsa',
    kind: 'person',
    keyKind: 'p-256',
    token: 'algorithms',
    subject: {
      commonName: 'Phạm Thị Hồng Ngọc',
      title: 'Giám đốc Sở',
      organisation,
      organisationalUnit: 'Sở Tư pháp',
      email: 'phamthihongngoc@hungyen.example',
    },
  },
  {
    credentialId: 'organisation-ecdsa',
    kind: 'organisation',
    keyKind: 'p-384',
    token: 'algorithms',
    subject: { commonName: 'Sở Tư pháp tỉnh Hưng Yên (thử nghiệm)', organisation, email: 'sotuphap@hungyen.example' },
  },
  {
    credentialId: 'former-leader',
    kind: 'person',
    keyKind: 'rsa-2048',
    token: 'algorithms',
    subject: {
      commonName: 'Đỗ Minh Ước',
      title: 'Nguyên Phó Chủ tịch',
      organisation,
      email: 'dominhuoc@hungyen.example',
    },
    notBefore: new Date('2022-01-01T00:00:00Z'),
    notAfter: new Date('2025-01-01T00:00:00Z'),
  },
];

/** The scheme that a plan means. */
export function schemeOf(plan: CredentialPlan): SandboxCredential['scheme'] {
  return plan.scheme ?? (plan.keyKind.startsWith('rsa') ? 'rsa-pkcs1' : 'ecdsa');
}

/** The label of the token that a plan means. */
export const tokenOf = (plan: CredentialPlan): string => plan.token ?? plan.credentialId;

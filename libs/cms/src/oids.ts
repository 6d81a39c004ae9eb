/** Object identifiers in dotted notation, with the document that assigns each group. */

// RFC 5652 and PKCS #9
export const ID_DATA = '1.2.840.113549.1.7.1';
export const ID_SIGNED_DATA = '1.2.840.113549.1.7.2';
export const ID_CONTENT_TYPE = '1.2.840.113549.1.9.3';
export const ID_MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
export const ID_SIGNING_TIME = '1.2.840.113549.1.9.5';
export const ID_COUNTERSIGNATURE = '1.2.840.113549.1.9.6';
/** RFC 6211. */
export const ID_CMS_ALGORITHM_PROTECTION = '1.2.840.113549.1.9.52';

// RFC 2634, RFC 5035, RFC 3161
export const ID_CT_TST_INFO = '1.2.840.113549.1.9.16.1.4';
export const ID_AA_CONTENT_REFERENCE = '1.2.840.113549.1.9.16.2.10';
export const ID_AA_SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
export const ID_AA_SIGNATURE_TIME_STAMP = '1.2.840.113549.1.9.16.2.14';
export const ID_AA_SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';

// RFC 8017, RFC 4055, RFC 5754
export const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
export const ID_MGF1 = '1.2.840.113549.1.1.8';
export const ID_RSASSA_PSS = '1.2.840.113549.1.1.10';
export const ID_EC_PUBLIC_KEY = '1.2.840.10045.2.1';
export const ID_SHA1 = '1.3.14.3.2.26';
export const ID_SHA256 = '2.16.840.1.101.3.4.2.1';
export const ID_SHA384 = '2.16.840.1.101.3.4.2.2';
export const ID_SHA512 = '2.16.840.1.101.3.4.2.3';

// RFC 5280
export const ID_CE_SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
export const ID_CE_KEY_USAGE = '2.5.29.15';
export const ID_CE_SUBJECT_ALT_NAME = '2.5.29.17';
export const ID_CE_BASIC_CONSTRAINTS = '2.5.29.19';
export const ID_CE_CRL_NUMBER = '2.5.29.20';
export const ID_CE_CRL_REASON = '2.5.29.21';
export const ID_CE_INVALIDITY_DATE = '2.5.29.24';
export const ID_CE_DELTA_CRL_INDICATOR = '2.5.29.27';
export const ID_CE_ISSUING_DISTRIBUTION_POINT = '2.5.29.28';
export const ID_CE_NAME_CONSTRAINTS = '2.5.29.30';
export const ID_CE_CRL_DISTRIBUTION_POINTS = '2.5.29.31';
export const ID_CE_CERTIFICATE_POLICIES = '2.5.29.32';
export const ID_CE_POLICY_MAPPINGS = '2.5.29.33';
export const ID_CE_AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
export const ID_CE_POLICY_CONSTRAINTS = '2.5.29.36';
export const ID_CE_EXT_KEY_USAGE = '2.5.29.37';
export const ID_CE_INHIBIT_ANY_POLICY = '2.5.29.54';
export const ID_PE_AUTHORITY_INFO_ACCESS = '1.3.6.1.5.5.7.1.1';
export const ID_AD_OCSP = '1.3.6.1.5.5.7.48.1';
export const ID_AD_CA_ISSUERS = '1.3.6.1.5.5.7.48.2';
export const ID_KP_TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
export const ID_KP_OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';

// RFC 6960
export const ID_PKIX_OCSP_BASIC = '1.3.6.1.5.5.7.48.1.1';
export const ID_PKIX_OCSP_NONCE = '1.3.6.1.5.5.7.48.1.2';
export const ID_PKIX_OCSP_NOCHECK = '1.3.6.1.5.5.7.48.1.5';

// Attribute types of names: RFC 4519, RFC 2985, ITU-T X.520
export const ID_AT_COMMON_NAME = '2.5.4.3';
export const ID_AT_ORGANISATION = '2.5.4.10';
export const ID_EMAIL_ADDRESS = '1.2.840.113549.1.9.1';

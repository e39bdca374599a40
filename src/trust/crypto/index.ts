export { decodeBase64, encodeBase64, findBase64 } from './base64.ts';
export { formatPem, parsePem } from './pem.ts';
export type { PemBlock } from './pem.ts';
export { formatPublicKey, importPublicKey } from './public-key.ts';
export type { HashName, KeyAlgorithm, PublicKey } from './public-key.ts';
export { exportPkcs8, generatePkcs8, importPkcs8, importPlainPrivateKey } from './signing-key.ts';
export type { SigningKey } from './signing-key.ts';
export { createServingCertificate } from './serving-certificate.ts';
export type { ServingCertificate } from './serving-certificate.ts';

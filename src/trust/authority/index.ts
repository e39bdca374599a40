export { openAuthority } from './authority.ts';
export type { Authority } from './authority.ts';
export { ISSUER_KINDS } from './identity.ts';
export { createState, isAuthority } from './state.ts';
export type { IssuerRule } from './tokens.ts';

export { AUDIENCE, openAuthority } from './authority.ts';
export type { Authority, AuthorityOptions } from './authority.ts';
export { ISSUER_KINDS } from './identity.ts';
export type { IssuerKind } from './identity.ts';
export { createState, isAuthority } from './state.ts';
export type { IssuerRule } from './tokens.ts';

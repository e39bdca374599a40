export { rootChecksum, updateTuf } from './client.ts';
export type { RoleState, TufSource } from './client.ts';
export { describeKey } from './metadata.ts';
export type { TopRole } from './metadata.ts';
export { STAGING_MIRROR, STAGING_ROOT } from './staging-root.ts';
export { PUBLIC_MIRROR, PUBLIC_ROOT } from './public-root.ts';
export { missingSignatures, TufFolder } from './repository.ts';
export type { Plan, RepositoryState, Signatures } from './repository.ts';

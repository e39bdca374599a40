export { rootChecksum, updateTuf } from './client.ts';
export type { RoleState, TufSource } from './client.ts';
export { PUBLIC_MIRROR, PUBLIC_ROOT } from './public-root.ts';
export { TufFolder } from './repository.ts';
export type { Plan } from './repository.ts';

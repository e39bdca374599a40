/** What commands say of trust material. */
import type { TrustMaterial } from '../../app/trust-material.ts';

/** For --json. */
export function materialValue(material: TrustMaterial) {
  const { mirror, refreshed, rootChecksum, roles, expired, signingConfig } = material;
  return { mirror, refreshed, rootChecksum, roles, expired, hasSigningConfig: signingConfig !== undefined };
}

export function describeMaterial({ mirror, rootChecksum, roles, signingConfig }: TrustMaterial): string {
  return [
    `trusting ${mirror}`,
    `root metadata: sha256 ${rootChecksum}`,
    ...roles.map(({ role, version, expires }) => `${role}: version ${version}, expires ${expires.toISOString()}`),
    ...(signingConfig === undefined ? ['no signing configuration'] : []),
  ].join('\n');
}

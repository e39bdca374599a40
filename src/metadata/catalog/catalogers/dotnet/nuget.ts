/** How packages of NuGet are named, and what all files about them share. */
import type { Hash } from '../../../sbom/index.ts';
import type { Given } from '../../components.ts';

export function nugetIdentity(name: string, version: string): Pick<Given, 'name' | 'version' | 'purl'> {
  return { name, version, purl: { type: 'nuget', name, version } };
}

/** Of the package file: base64, with or without `sha512-` before it. */
export function packageHashes(text: unknown): readonly Hash[] {
  if (typeof text !== 'string' || text === '') return [];
  const value = Buffer.from(text.replace(/^sha512-/, ''), 'base64').toString('hex');
  return value.length === 128 ? [{ algorithm: 'sha512', value }] : [];
}

/** `Name/1.0.0`; undefined for what is not named so. */
export function splitKey(key: string): { readonly name: string; readonly version: string } | undefined {
  const [name = '', version = '', ...more] = key.split('/');
  return name === '' || version === '' || more.length > 0 ? undefined : { name, version };
}

/**
 * `container-manifest-2` of Mariner and Azure Linux: what `rpm -qa` said when the image without a database was built; a line has name,
 * version-release, install time, build time, vendor, epoch, size, architecture, epoch and source package, with tabs between.
 */
import { AppError } from '../../../../../core/index.ts';
import type { RpmPackage } from './package.ts';

/** Throws `invalid-input`. */
export function readManifest(text: string, what: string): readonly RpmPackage[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line, index) => readLine(line, `${what}: line ${index + 1}`));
}

function readLine(line: string, what: string): RpmPackage {
  const fields = line.split('\t').map((field) => (field === '(none)' ? undefined : field));
  const [name, versionRelease, , , vendor, epoch, , arch, , sourceRpm] = fields;
  const [, version, release] = /^([^-]+)-([^-]+)$/.exec(versionRelease ?? '') ?? [];
  if (fields.length < 10 || name === undefined || version === undefined || release === undefined) {
    throw new AppError('invalid-input', `${what}: expected ten fields of a package, found ${JSON.stringify(line)}`);
  }
  const number = /^\d{1,9}$/.test(epoch ?? '') ? Number(epoch) : 0;
  return {
    name,
    version,
    release,
    arch,
    vendor,
    sourceRpm,
    epoch: number,
    licence: undefined,
    url: undefined,
    modularityLabel: undefined,
  };
}

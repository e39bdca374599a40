/** What a project names by one version each, where no lock file says more. */
import type { FileEntry } from '../../../../core/index.ts';
import type { Scope } from '../../../sbom/index.ts';
import type { Finds } from '../../components.ts';
import { addLocked } from '../../locked.ts';
import type { Locked } from '../../locked.ts';
import { foldName, parseRequirement, pinOf, pypiPurl } from './python-package.ts';
import type { Project } from './pyproject.ts';

export function addPins(finds: Finds, file: FileEntry, project: Project): void {
  const locked = new Map<string, Locked>();
  const pins = (scope: Scope) =>
    project[scope].flatMap((text) => {
      const requirement = parseRequirement(text);
      const version = pinOf(requirement?.specifier ?? '');
      if (requirement === undefined || version === undefined) return [];
      const key = `${foldName(requirement.name)}@${version}`;
      locked.set(key, { name: requirement.name, version });
      return [key];
    });
  const needs = { runtime: pins('runtime'), optional: pins('optional'), development: pins('development') };
  locked.set('', { name: project.name, version: project.version, isLocal: true, folder: '', needs });
  addLocked(finds, file, { locked, identify: pypiPurl });
}

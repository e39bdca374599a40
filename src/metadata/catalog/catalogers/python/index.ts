/** Python: what is installed before what lock files and, last, requirements want. */
import type { Cataloger } from '../../cataloger.ts';
import { condaEnvironment, condaMeta } from './conda.ts';
import { pdmLock } from './pdm-lock.ts';
import { pipfileLock } from './pipfile-lock.ts';
import { poetryLock } from './poetry-lock.ts';
import { pylock } from './pylock.ts';
import { pyproject } from './pyproject.ts';
import { pythonArchive } from './python-archive.ts';
import { pythonInstalled } from './python-installed.ts';
import { requirements } from './requirements.ts';
import { setupPy } from './setup-py.ts';
import { uvLock } from './uv-lock.ts';

export const pythonCatalogers: readonly Cataloger[] = [
  pythonInstalled,
  pythonArchive,
  condaMeta,
  poetryLock,
  pdmLock,
  uvLock,
  pylock,
  pipfileLock,
  requirements,
  pyproject,
  setupPy,
  condaEnvironment,
];

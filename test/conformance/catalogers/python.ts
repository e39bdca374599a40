import type { EcosystemCases } from './table.ts';

const METADATA = 'usr/lib/python3/site-packages/fixture.dist-info/METADATA';

export const python: EcosystemCases = {
  treatAs: {
    'METADATA / PKG-INFO': METADATA,
    'Pipfile.lock': 'app/Pipfile.lock',
    pdmlock: 'app/pdm.lock',
    pipfilelock: 'app/Pipfile.lock',
    'poetry.lock': 'app/poetry.lock',
    poetrylock: 'app/poetry.lock',
    pylock: 'app/pylock.toml',
    'pylock.toml': 'app/pylock.toml',
    pyprojecttoml: 'app/pyproject.toml',
    requirements: 'app/requirements.txt',
    'requirements.txt': 'app/requirements.txt',
    setup: 'app/setup.py',
    'uv.lock': 'app/uv.lock',
    uvlock: 'app/uv.lock',
    wheelegg: METADATA,
  },
  apart: [
    [/\.(?:whl|egg|egg-info)$/, 'usr/lib/python3/site-packages/{name}'],
    [/condameta/, 'opt/conda/conda-meta/{name}.json'],
  ],
  cases: [[/partial\.dist-info$/, 'usr/lib/python3/site-packages/fixture.dist-info/']],
  exceptions: {
    'scalibr-python_requirements_per_req_options.txt':
      'a version followed by other words is no requirement (PEP 508, "Grammar"), so `foo7` is not listed',
    'trivy-python_pip_requirements_compatible.txt':
      'the case asks for the lowest version of a range; what is installed is most often another one (PEP 440, "Version specifiers")',
  },
  notYet: [],
};

import type { EcosystemCases } from './table.ts';

export const conda: EcosystemCases = {
  treatAs: {
    'conda-meta/*.json': 'opt/conda/conda-meta/{name}.json',
    'environment.yaml': 'app/environment.yaml',
  },
  notYet: [
    'trivy-conda_environment_environment-with-licenses.yaml',
    'trivy-conda_environment_invalid.yaml',
    'trivy-conda_environment_invalid.yaml-2',
    'trivy-conda_environment_wrong-deps-type.yaml',
    'trivy-conda_environment_wrong-nested-type.yaml',
    'trivy-conda_meta__libgcc_mutex-0.1-main.json',
    'trivy-conda_meta_invalid.json',
    'trivy-conda_meta_invalid_json.json',
    'trivy-conda_meta_libgomp-11.2.0-h1234567_1.json',
    'trivy-conda_meta_pip-22.2.2-py38h06a4308_0.json',
  ],
};

import type { EcosystemCases } from './table.ts';

export const githubActions: EcosystemCases = {
  notYet: [
    'syft-githubactions_call-shared-workflow.yaml',
    'syft-githubactions_workflow-multi-job.yaml',
    'syft-githubactions_workflow-with-version-comments.yaml',
  ],
};

import type { EcosystemCases } from './table.ts';

export const opam: EcosystemCases = {
  notYet: ['scalibr-ocaml_opam_invalid.install', 'scalibr-ocaml_opam_valid.install', 'syft-ocaml_alcotest.opam'],
};

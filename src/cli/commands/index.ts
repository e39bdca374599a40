/** Every command, loaded only when it runs (or when help, completion or the docs need all of them). */
import type { Command } from '../command.ts';

export interface CommandEntry {
  readonly name: string;
  load(): Promise<Command>;
}

export const commands: readonly CommandEntry[] = [
  { name: 'ls', load: async () => (await import('./ls.ts')).ls },
  { name: 'tags', load: async () => (await import('./tags.ts')).tags },
  { name: 'catalog', load: async () => (await import('./catalog.ts')).catalog },
  { name: 'digest', load: async () => (await import('./digest.ts')).digest },
  { name: 'manifest', load: async () => (await import('./manifest.ts')).manifest },
  { name: 'manifest fetch', load: async () => (await import('./manifest-fetch.ts')).manifestFetch },
  { name: 'manifest push', load: async () => (await import('./manifest-push.ts')).manifestPush },
  { name: 'blob fetch', load: async () => (await import('./blob-fetch.ts')).blobFetch },
  { name: 'blob push', load: async () => (await import('./blob-push.ts')).blobPush },
  { name: 'config', load: async () => (await import('./config.ts')).config },
  { name: 'copy', load: async () => (await import('./copy.ts')).copy },
  { name: 'push', load: async () => (await import('./push.ts')).push },
  { name: 'attach', load: async () => (await import('./attach.ts')).attach },
  { name: 'pull', load: async () => (await import('./pull.ts')).pull },
  { name: 'tree', load: async () => (await import('./tree.ts')).tree },
  { name: 'discover', load: async () => (await import('./tree.ts')).discover },
  { name: 'tag', load: async () => (await import('./tag.ts')).tag },
  { name: 'delete', load: async () => (await import('./delete.ts')).deleteCommand },
  { name: 'append', load: async () => (await import('./append.ts')).append },
  { name: 'validate', load: async () => (await import('./validate.ts')).validate },
  { name: 'registry serve', load: async () => (await import('./registry-serve.ts')).registryServe },
  { name: 'login', load: async () => (await import('./login.ts')).login },
  { name: 'logout', load: async () => (await import('./logout.ts')).logout },
  { name: 'generate-key-pair', load: async () => (await import('./generate-key-pair.ts')).generateKeyPairCommand },
  { name: 'import-key-pair', load: async () => (await import('./import-key-pair.ts')).importKeyPairCommand },
  { name: 'public-key', load: async () => (await import('./public-key.ts')).publicKeyCommand },
  { name: 'sign', load: async () => (await import('./sign.ts')).sign },
  { name: 'verify', load: async () => (await import('./verify.ts')).verify },
  { name: 'sign-blob', load: async () => (await import('./sign-blob.ts')).signBlobCommand },
  { name: 'verify-blob', load: async () => (await import('./verify-blob.ts')).verifyBlobCommand },
  { name: 'attest', load: async () => (await import('./attest.ts')).attestCommand },
  { name: 'verify-attestation', load: async () => (await import('./verify-attestation.ts')).verifyAttestation },
  { name: 'provenance', load: async () => (await import('./provenance.ts')).provenance },
  { name: 'sbom', load: async () => (await import('./sbom.ts')).sbom },
  { name: 'scan', load: async () => (await import('./scan.ts')).scan },
  { name: 'db import', load: async () => (await import('./db-import.ts')).dbImport },
  { name: 'db update', load: async () => (await import('./db-update.ts')).dbUpdate },
  { name: 'db status', load: async () => (await import('./db-status.ts')).dbStatus },
  { name: 'admit', load: async () => (await import('./admit.ts')).admit },
  { name: 'serve', load: async () => (await import('./serve.ts')).serve },
  { name: 'completion', load: async () => (await import('./completion.ts')).completion },
  { name: 'version', load: async () => (await import('./version.ts')).version },
  { name: 'affected', load: async () => (await import('./affected.ts')).affected },
  { name: 'verdicts', load: async () => (await import('./verdicts.ts')).verdicts },
];

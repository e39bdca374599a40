/** Every command, loaded only when it runs (or when help, completion or the docs need all of them). */
import type { Command } from '../command.ts';

export interface CommandEntry {
  readonly name: string;
  /** What other tools call it. */
  readonly aliases?: readonly string[];
  load(): Promise<Command>;
}

export const commands: readonly CommandEntry[] = [
  { name: 'ls', aliases: ['tags', 'repo tags', 'repo show-tags'], load: async () => (await import('./ls.ts')).ls },
  { name: 'initialize', load: async () => (await import('./initialize.ts')).initialize },
  { name: 'trusted-root create', load: async () => (await import('./trusted-root-create.ts')).trustedRootCreate },
  { name: 'trusted-root inspect', load: async () => (await import('./trusted-root-inspect.ts')).trustedRootInspect },
  { name: 'trusted-root export', load: async () => (await import('./trusted-root-export.ts')).trustedRootExport },
  { name: 'trusted-root import', load: async () => (await import('./trusted-root-import.ts')).trustedRootImport },
  { name: 'signing-config create', load: async () => (await import('./signing-config-create.ts')).signingConfigCreate },
  {
    name: 'signing-config inspect',
    load: async () => (await import('./signing-config-inspect.ts')).signingConfigInspect,
  },
  { name: 'tuf init', load: async () => (await import('./tuf-init.ts')).tufInit },
  { name: 'tuf add', load: async () => (await import('./tuf-add.ts')).tufAdd },
  { name: 'tuf sign', load: async () => (await import('./tuf-sign.ts')).tufSign },
  { name: 'tuf publish', load: async () => (await import('./tuf-publish.ts')).tufPublish },
  { name: 'tuf rotate', load: async () => (await import('./tuf-rotate.ts')).tufRotate },
  { name: 'tuf check', load: async () => (await import('./tuf-check.ts')).tufCheck },
  { name: 'catalog', aliases: ['repo ls', 'repo list'], load: async () => (await import('./catalog.ts')).catalog },
  { name: 'digest', aliases: ['resolve'], load: async () => (await import('./digest.ts')).digest },
  { name: 'manifest', load: async () => (await import('./manifest.ts')).manifest },
  {
    name: 'manifest fetch',
    aliases: ['manifest get', 'manifest show'],
    load: async () => (await import('./manifest-fetch.ts')).manifestFetch,
  },
  { name: 'manifest push', load: async () => (await import('./manifest-push.ts')).manifestPush },
  { name: 'blob fetch', aliases: ['blob', 'blob get'], load: async () => (await import('./blob-fetch.ts')).blobFetch },
  { name: 'blob push', load: async () => (await import('./blob-push.ts')).blobPush },
  {
    name: 'manifest delete',
    aliases: ['manifest rm', 'manifest remove'],
    load: async () => (await import('./manifest-delete.ts')).manifestDelete,
  },
  {
    name: 'manifest index create',
    aliases: ['manifest index pack'],
    load: async () => (await import('./manifest-index.ts')).manifestIndexCreate,
  },
  {
    name: 'manifest index update',
    load: async () => (await import('./manifest-index.ts')).manifestIndexUpdate,
  },
  { name: 'index append', load: async () => (await import('./index-edit.ts')).indexAppend },
  { name: 'index filter', load: async () => (await import('./index-edit.ts')).indexFilter },
  {
    name: 'blob delete',
    aliases: ['blob rm', 'blob remove'],
    load: async () => (await import('./blob-delete.ts')).blobDelete,
  },
  {
    name: 'config',
    aliases: ['manifest fetch-config', 'manifest get-config'],
    load: async () => (await import('./config.ts')).config,
  },
  { name: 'copy', aliases: ['cp'], load: async () => (await import('./copy.ts')).copy },
  { name: 'backup', load: async () => (await import('./backup.ts')).backup },
  { name: 'restore', load: async () => (await import('./restore.ts')).restore },
  { name: 'push', load: async () => (await import('./push.ts')).push },
  { name: 'attach', load: async () => (await import('./attach.ts')).attach },
  { name: 'pull', load: async () => (await import('./pull.ts')).pull },
  { name: 'export', load: async () => (await import('./export.ts')).exportCommand },
  { name: 'discover', aliases: ['tree'], load: async () => (await import('./discover.ts')).discover },
  { name: 'tag', load: async () => (await import('./tag.ts')).tag },
  { name: 'delete', load: async () => (await import('./delete.ts')).deleteCommand },
  { name: 'garbage', load: async () => (await import('./garbage.ts')).garbage },
  { name: 'append', load: async () => (await import('./append.ts')).append },
  { name: 'layers', load: async () => (await import('./layers.ts')).layers },
  { name: 'mutate', load: async () => (await import('./mutate.ts')).mutate },
  { name: 'rebase', load: async () => (await import('./rebase.ts')).rebase },
  { name: 'flatten', load: async () => (await import('./flatten.ts')).flatten },
  { name: 'validate', load: async () => (await import('./validate.ts')).validate },
  { name: 'authority monitor', load: async () => (await import('./authority-monitor.ts')).authorityMonitor },
  { name: 'authority serve', load: async () => (await import('./authority-serve.ts')).authorityServe },
  { name: 'authority token', load: async () => (await import('./authority-token.ts')).authorityToken },
  { name: 'authority witness', load: async () => (await import('./authority-witness.ts')).authorityWitness },
  { name: 'registry serve', load: async () => (await import('./registry-serve.ts')).registryServe },
  { name: 'registry gc', load: async () => (await import('./registry-gc.ts')).registryGc },
  { name: 'registry user', load: async () => (await import('./registry-user.ts')).registryUser },
  { name: 'registry token', load: async () => (await import('./registry-token.ts')).registryToken },
  { name: 'registry audit', load: async () => (await import('./registry-audit.ts')).registryAudit },
  { name: 'login', aliases: ['auth login'], load: async () => (await import('./login.ts')).login },
  { name: 'auth get', load: async () => (await import('./auth-get.ts')).authGet },
  { name: 'auth token', load: async () => (await import('./auth-token.ts')).authToken },
  { name: 'logout', aliases: ['auth logout'], load: async () => (await import('./logout.ts')).logout },
  { name: 'generate-key-pair', load: async () => (await import('./generate-key-pair.ts')).generateKeyPairCommand },
  { name: 'import-key-pair', load: async () => (await import('./import-key-pair.ts')).importKeyPairCommand },
  { name: 'public-key', load: async () => (await import('./public-key.ts')).publicKeyCommand },
  { name: 'sign', load: async () => (await import('./sign.ts')).sign },
  { name: 'verify', load: async () => (await import('./verify.ts')).verify },
  { name: 'sign-blob', load: async () => (await import('./sign-blob.ts')).signBlobCommand },
  { name: 'verify-blob', load: async () => (await import('./verify-blob.ts')).verifyBlobCommand },
  { name: 'attest', load: async () => (await import('./attest.ts')).attestCommand },
  { name: 'attest-blob', load: async () => (await import('./attest-blob.ts')).attestBlobCommand },
  { name: 'verify-attestation', load: async () => (await import('./verify-attestation.ts')).verifyAttestation },
  {
    name: 'verify-blob-attestation',
    load: async () => (await import('./verify-blob-attestation.ts')).verifyBlobAttestation,
  },
  {
    name: 'attach signature',
    load: async () => (await import('./attach-evidence.ts')).attachSignatureCommand,
  },
  {
    name: 'attach attestation',
    load: async () => (await import('./attach-evidence.ts')).attachAttestationCommand,
  },
  { name: 'attach sbom', load: async () => (await import('./attach-evidence.ts')).attachSbomCommand },
  { name: 'download signature', load: async () => (await import('./download.ts')).downloadSignature },
  { name: 'download attestation', load: async () => (await import('./download.ts')).downloadAttestation },
  { name: 'download sbom', load: async () => (await import('./download.ts')).downloadSbomCommand },
  { name: 'save', load: async () => (await import('./save.ts')).save },
  { name: 'load', load: async () => (await import('./load.ts')).load },
  { name: 'bundle create', load: async () => (await import('./bundle-create.ts')).bundleCreate },
  { name: 'manifest verify', load: async () => (await import('./manifest-verify.ts')).manifestVerify },
  { name: 'dockerfile verify', load: async () => (await import('./dockerfile-verify.ts')).dockerfileVerify },
  { name: 'env', load: async () => (await import('./env.ts')).env },
  { name: 'rotate', load: async () => (await import('./rotate.ts')).rotate },
  { name: 'triangulate', load: async () => (await import('./triangulate.ts')).triangulate },
  { name: 'clean', load: async () => (await import('./clean.ts')).clean },
  { name: 'provenance', load: async () => (await import('./provenance.ts')).provenance },
  { name: 'sbom cluster', load: async () => (await import('./sbom-cluster.ts')).sbomCluster },
  { name: 'sbom convert', load: async () => (await import('./sbom-convert.ts')).sbomConvert },
  { name: 'sbom diff', load: async () => (await import('./sbom-diff.ts')).sbomDiff },
  { name: 'sbom merge', load: async () => (await import('./sbom-merge.ts')).sbomMerge },
  { name: 'sbom validate', load: async () => (await import('./sbom-validate.ts')).sbomValidate },
  { name: 'licenses', load: async () => (await import('./licenses.ts')).licenses },
  { name: 'sbom score', load: async () => (await import('./sbom-score.ts')).sbomScore },
  { name: 'sbom query', load: async () => (await import('./sbom-query.ts')).sbomQuery },
  { name: 'sbom', load: async () => (await import('./sbom.ts')).sbom },
  { name: 'scan', load: async () => (await import('./scan.ts')).scan },
  { name: 'db import', load: async () => (await import('./db-import.ts')).dbImport },
  { name: 'db update', load: async () => (await import('./db-update.ts')).dbUpdate },
  { name: 'db status', load: async () => (await import('./db-status.ts')).dbStatus },
  { name: 'admit', load: async () => (await import('./admit.ts')).admit },
  { name: 'audit', load: async () => (await import('./audit.ts')).audit },
  { name: 'policy explain', load: async () => (await import('./policy-explain.ts')).policyExplain },
  { name: 'policy init', load: async () => (await import('./policy-init.ts')).policyInit },
  { name: 'policy lint', load: async () => (await import('./policy-lint.ts')).policyLint },
  { name: 'policy test', load: async () => (await import('./policy-test.ts')).policyTest },
  { name: 'install', load: async () => (await import('./install.ts')).install },
  { name: 'serve', load: async () => (await import('./serve.ts')).serve },
  { name: 'completion', load: async () => (await import('./completion.ts')).completion },
  { name: 'version', load: async () => (await import('./version.ts')).version },
  { name: 'affected', load: async () => (await import('./affected.ts')).affected },
  { name: 'verdicts', load: async () => (await import('./verdicts.ts')).verdicts },
];

export function namesOf({ name, aliases = [] }: CommandEntry): readonly string[] {
  return [name, ...aliases];
}

/** The longest name (up to three words) that the words begin with, and what follows it. */
export function findCommand(
  words: readonly string[],
): { readonly entry: CommandEntry; readonly rest: readonly string[] } | undefined {
  for (const count of [3, 2, 1]) {
    const name = words.slice(0, count).join(' ');
    // `manifest index` alone is no image of that name
    if (words.length === count && count > 1 && isGroup(name)) return undefined;
    const entry = commands.find((one) => namesOf(one).includes(name));
    if (entry !== undefined) return { entry, rest: words.slice(count) };
  }
  return undefined;
}

function isGroup(name: string): boolean {
  return commands.some((entry) => namesOf(entry).some((one) => one.startsWith(`${name} `)));
}

export {
  EMPTY_CONTENT,
  EMPTY_DESCRIPTOR,
  encodeDescriptor,
  parseImageIndex,
  parseImageManifest,
  readSubject,
} from './manifest.ts';
export type { ImageIndex, ImageManifest } from './manifest.ts';
export {
  isForeignLayer,
  isIndexType,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_INDEX,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from './media-types.ts';
export type { Manifest, ReadableRepository, Repository } from './repository.ts';
export { findFault } from './strict.ts';
export type { DocumentKind } from './strict.ts';
export { openReference, openRegistry } from './registry/client.ts';
export type { Registry, RegistryOptions, RegistryPorts, RegistryRepository } from './registry/client.ts';
export type { Credential } from './registry/docker-config.ts';
export { chainIdsOf } from './image/chain-id.ts';
export { guessBaseLayers, instructionOf, stepsOf } from './image/history.ts';
export { indexLayers, openImage } from './image/image.ts';
export type { Image, ImageConfig, ImageLayer, LayerReader, TreeOptions } from './image/image.ts';
export { decodeLayerIndex, encodeLayerIndex } from './image/layer-cache.ts';
export { layerFormatOf } from './image/layer-format.ts';
export type { LayerFormat } from './image/layer-format.ts';
export { flattenImage } from './image/flat-tar.ts';
export { LAYER_ALONE, readLayer } from './image/layer-index.ts';
export { overlayLayers, stackLayers } from './image/overlay.ts';
export type { LayerState } from './image/overlay.ts';
export {
  checkPlatform,
  DEFAULT_PLATFORM,
  fitsPlatform,
  formatPlatform,
  listPlatformImages,
  parsePartialPlatform,
  parsePlatform,
  selectManifest,
} from './image/platform.ts';
export { listContainerdImages, openContainerd } from './local/containerd.ts';
export { openDockerArchive } from './local/docker-archive.ts';
export { openFileTree, openFolderTree } from './local/folder-tree.ts';
export { folderArchive } from './local/layout-archive.ts';
export { dockerArchive } from './local/docker-archive-writer.ts';
export {
  defaultTarget,
  markForCosign,
  openBlobFolder,
  openLayout,
  openLayoutReader,
  readLayoutIndex,
} from './local/layout.ts';
export { firstBytes, openArchive, openFolder } from './local/stored-files.ts';
export type { StoredFiles } from './local/stored-files.ts';
export { createRegistry } from './server/registry.ts';
export { ANY_USER, ANYBODY, loginRules, RIGHTS } from './server/access.ts';
export type { AccessRules, RegistryRules } from './server/access.ts';
export { createAuditLog, verifyAuditLog } from './server/audit.ts';
export type { AuditVerification } from './server/audit.ts';
export { collectGarbage } from './server/garbage.ts';
export type { GarbageReport } from './server/garbage.ts';
export { changeHtpasswd, hashPassword, hashToken, isPassword, parseHtpasswd } from './server/passwords.ts';
export { ArtifactCopy, copyArtifact } from './copy/copy.ts';
export type { CopyResult } from './copy/copy.ts';
export { copyToArchive } from './copy/archive.ts';
export { sendBlob, streamReported } from './copy/report.ts';
export { cosignTags } from './copy/plan.ts';
export { readTarGz } from './image/read-tar.ts';
export { writeTar } from './image/tar-writer.ts';
export type { TarFile } from './image/tar-writer.ts';
export { compressionOf, inflate as inflateBlob } from './image/inflate.ts';
export {
  dockerConfigPath,
  findCredential,
  HELPER_KNOWS_NOTHING,
  helperProgram,
  serverAddress,
} from './registry/credentials.ts';
export { hostOfKey, loadConfig, TOKEN_USER } from './registry/docker-config.ts';
export { openCredentialProviders } from './registry/credential-provider.ts';
export type { CredentialProviders } from './registry/credential-provider.ts';
export { readPullSecret } from './registry/pull-secrets.ts';
export type { PullSecret } from './registry/pull-secrets.ts';

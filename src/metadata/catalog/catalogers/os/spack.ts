/** Packages that Spack installed: the concrete specification in each one's folder, with what it was built and runs with. */
import { anything, arrayOf, decodeJson, isRecord, object, optional, string } from '../../../../core/index.ts';
import type { Component } from '../../../sbom/index.ts';
import { createFileCataloger } from '../../file-cataloger.ts';

const decode = object({
  spec: object({
    nodes: optional(
      arrayOf(
        object({
          name: string,
          version: string,
          hash: optional(string),
          arch: optional(anything),
          dependencies: optional(arrayOf(anything)),
        }),
      ),
    ),
  }),
});

export const spack = createFileCataloger({
  id: 'spack',
  evidence: 'installed-metadata',
  names: ['spec.json'],
  isChosen: (path) => /(?:^|\/)\.spack\/spec\.json$/.test(path),
  read: ({ content, file, finds }) => {
    const nodes = decodeJson(content, decode, { what: file.path }).spec.nodes ?? [];
    const byHash = new Map<string, Component | undefined>();
    const components = nodes.map(({ name, version, hash, arch }) => {
      const component = finds.add(file, {
        name,
        version,
        purl: { type: 'spack', name, version },
        properties: {
          ...(hash === undefined ? {} : { 'spack:hash': hash }),
          ...(isRecord(arch) && typeof arch.platform_os === 'string' ? { 'spack:os': arch.platform_os } : {}),
        },
      });
      if (hash !== undefined) byHash.set(hash, component);
      return component;
    });
    nodes.forEach(({ dependencies }, index) => {
      const hashes = (dependencies ?? []).map((one) => (isRecord(one) ? String(one.hash) : ''));
      finds.depend(
        components[index],
        hashes.map((hash) => byHash.get(hash)),
      );
    });
  },
});

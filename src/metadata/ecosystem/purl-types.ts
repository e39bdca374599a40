/** What the package URL type definitions say about case, namespaces and permitted characters; types not named have no rules. */

export interface PurlTypeRules {
  readonly namespace?: 'required' | 'prohibited';
  readonly lowerNamespace?: boolean;
  readonly lowerName?: boolean;
  readonly lowerVersion?: boolean;
  readonly name?: RegExp;
  readonly version?: RegExp;
  readonly qualifiers?: readonly string[];
  /** Rewrites the name after case folding. */
  readonly rewriteName?: (name: string) => string;
}

const LOWER_BOTH = { lowerNamespace: true, lowerName: true } as const;

export const PURL_TYPES: ReadonlyMap<string, PurlTypeRules> = new Map<string, PurlTypeRules>([
  ['alpm', { ...LOWER_BOTH, namespace: 'required' }],
  ['apk', { ...LOWER_BOTH, namespace: 'required' }],
  ['bazel', { namespace: 'prohibited' }],
  ['bitbucket', { ...LOWER_BOTH, namespace: 'required' }],
  ['bitnami', { namespace: 'prohibited', lowerName: true }],
  ['brew', LOWER_BOTH],
  ['cargo', { namespace: 'prohibited' }],
  ['chrome-extension', { namespace: 'prohibited', lowerName: true, name: /^[a-p]{32}$/, version: /^\d+(\.\d+){0,3}$/ }],
  ['cocoapods', { namespace: 'prohibited' }],
  ['composer', { ...LOWER_BOTH, namespace: 'required' }],
  ['conda', { namespace: 'prohibited' }],
  ['cpan', { name: /^(?!.*::)/ }],
  ['cran', { namespace: 'prohibited' }],
  ['deb', { ...LOWER_BOTH, namespace: 'required' }],
  ['gem', { namespace: 'prohibited' }],
  ['github', { ...LOWER_BOTH, namespace: 'required' }],
  ['hackage', { namespace: 'prohibited' }],
  ['hex', LOWER_BOTH],
  ['huggingface', { lowerVersion: true }],
  ['julia', { namespace: 'prohibited', qualifiers: ['uuid'] }],
  ['luarocks', LOWER_BOTH],
  ['mlflow', { namespace: 'prohibited' }],
  ['npm', {}],
  ['nuget', { namespace: 'prohibited' }],
  ['oci', { namespace: 'prohibited', lowerName: true, lowerVersion: true }],
  ['opam', { namespace: 'prohibited' }],
  ['otp', { namespace: 'prohibited', lowerName: true }],
  ['pub', { namespace: 'prohibited', lowerName: true, rewriteName: (name) => name.replaceAll(/[^a-z0-9_]/g, '_') }],
  [
    'pypi',
    { namespace: 'prohibited', lowerName: true, lowerVersion: true, rewriteName: (name) => name.replaceAll('_', '-') },
  ],
  ['qpkg', { lowerNamespace: true, namespace: 'required' }],
  ['rpm', { lowerNamespace: true }],
  ['swid', { qualifiers: ['tag_id'] }],
  ['swift', { namespace: 'required' }],
  ['vcpkg', { namespace: 'prohibited' }],
  ['vscode-extension', { ...LOWER_BOTH, lowerVersion: true, namespace: 'required' }],
  ['yocto', { lowerNamespace: true }],
]);

import type { EcosystemCases } from './table.ts';

export const npm: EcosystemCases = {
  treatAs: {
    packagelockjson: 'app/package-lock.json',
    'package-lock.json': 'app/package-lock.json',
    packagejson: 'app/node_modules/fixture/package.json',
    'package.json': 'app/node_modules/fixture/package.json',
    pnpmlock: 'app/pnpm-lock.yaml',
    'pnpm-lock.yaml': 'app/pnpm-lock.yaml',
    yarnlock: 'app/yarn.lock',
    'yarn.lock': 'app/yarn.lock',
    bunlock: 'app/bun.lock',
    'bun.lock': 'app/bun.lock',
    vsix: 'app/{name}',
    denojson: 'app/deno.json',
    denotssource: 'app/main.ts',
  },
  apart: [[/duplicate-keys/, 'app/package.json']],
  cases: [
    [/npm-shrinkwrap\.json$/, 'app/npm-shrinkwrap.json'],
    [/pkg-lock/, 'app/package-lock.json'],
    [/pkg-json/, 'app/node_modules/fixture/package.json'],
    [/nodejs_pkg/, 'app/node_modules/fixture/package.json'],
    [/pnpm/, 'app/pnpm-lock.yaml'],
    [/yarn/, 'app/yarn.lock'],
  ],
  exceptions: {
    'scalibr-javascript_denojson_deno.json':
      'deno.json names ranges, of which no version follows (docs.deno.com, "Modules and dependencies"); deno.lock is read',
    'scalibr-javascript_denotssource_importSpecifiers.tstest':
      'imports in source texts say what a program asks for; what it gets is in deno.lock (docs.deno.com, "Integrity checking and lock files"), which is read',
    'syft-javascript_pnpm_pnpm-lock.yaml':
      'what the lock file does not describe below `packages` is not locked (github.com/pnpm/spec, lockfile 5); OSV-Scalibr decides so too in four cases',
  },
  notYet: [],
};

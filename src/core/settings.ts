/** The one configuration schema: flag > environment > file > default. `docs/reference/configuration.md` is generated from it. */
import { join } from 'node:path';
import { AppError } from './errors.ts';
import type { Environment } from './ports.ts';

export interface SettingSpec {
  readonly environment: string;
  readonly description: string;
  readonly defaultText: string;
  readonly kind: 'path' | 'list' | 'number';
}

/** Keys are the names in the configuration file; the flag is the same name in dashes. */
export const SETTINGS = {
  dataDir: {
    environment: 'PLIMSOLL_DATA_DIR',
    description: 'folder of what must be kept: the advisory store, the evidence graph',
    defaultText: '$XDG_DATA_HOME/plimsoll, else ~/.local/share/plimsoll',
    kind: 'path',
  },
  cacheDir: {
    environment: 'PLIMSOLL_CACHE_DIR',
    description: 'folder of what can be made again: layer indexes, token caches, compiled code',
    defaultText: '$XDG_CACHE_HOME/plimsoll, else ~/.cache/plimsoll',
    kind: 'path',
  },
  insecureRegistries: {
    environment: 'PLIMSOLL_INSECURE_REGISTRIES',
    description:
      'registries (host or host:port, separated by commas) whose certificate is not verified, asked over plain HTTP where they speak no TLS',
    defaultText: 'none',
    kind: 'list',
  },
  plainHttpRegistries: {
    environment: 'PLIMSOLL_PLAIN_HTTP_REGISTRIES',
    description: 'registries to be asked over plain HTTP; loopback ones are unless they speak TLS',
    defaultText: 'none',
    kind: 'list',
  },
  caFile: {
    environment: 'PLIMSOLL_CA_FILE',
    description:
      'PEM file of authorities that certificates of registries and other services may come from, besides the system’s',
    defaultText: 'none',
    kind: 'path',
  },
  registryConfig: {
    environment: 'PLIMSOLL_REGISTRY_CONFIG',
    description: 'file of registry credentials in Docker’s form, instead of the usual ones',
    defaultText: '$REGISTRY_AUTH_FILE, ~/.docker/config.json, $XDG_RUNTIME_DIR/containers/auth.json and others',
    kind: 'path',
  },
  pullSecrets: {
    environment: 'PLIMSOLL_PULL_SECRETS',
    description: 'files of Kubernetes secrets whose registry credentials come before all stored ones',
    defaultText: 'none',
    kind: 'list',
  },
  trustedRoot: {
    environment: 'PLIMSOLL_TRUSTED_ROOT',
    description:
      'Sigstore trusted root (JSON): whose certificates, logs and timestamps to believe where signers are named by certificate identity',
    defaultText: 'none',
    kind: 'path',
  },
  containerdDir: {
    environment: 'PLIMSOLL_CONTAINERD_DIR',
    description: 'folder where containerd keeps images, for sources like containerd:NAME',
    defaultText: '/var/lib/containerd',
    kind: 'path',
  },
  parallelism: {
    environment: 'PLIMSOLL_PARALLELISM',
    description: 'transfers and layer reads that run at the same time, 1 to 64',
    defaultText: '4',
    kind: 'number',
  },
  timeoutSeconds: {
    environment: 'PLIMSOLL_TIMEOUT',
    description: 'seconds after which a command that waits for the network gives up',
    defaultText: '300',
    kind: 'number',
  },
} as const satisfies Readonly<Record<string, SettingSpec>>;

export interface Settings {
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly insecureRegistries: readonly string[];
  readonly plainHttpRegistries: readonly string[];
  readonly caFile: string | undefined;
  readonly registryConfig: string | undefined;
  readonly pullSecrets: readonly string[];
  readonly trustedRoot: string | undefined;
  readonly containerdDir: string;
  readonly parallelism: number;
  readonly timeoutSeconds: number;
}

export type SettingName = keyof typeof SETTINGS;
export type SettingValues = Readonly<Partial<Record<SettingName, string | number | readonly string[]>>>;

/** `flags` and `file` hold what was given there; `home` is the user's home folder. Throws `usage` for a value out of range. */
export function resolveSettings(
  given: { readonly flags: SettingValues; readonly file: SettingValues },
  environment: Environment,
  home: string,
): Settings {
  const pick = (name: SettingName) => given.flags[name] ?? environment[SETTINGS[name].environment] ?? given.file[name];
  return {
    dataDir: textOf(pick('dataDir')) ?? join(environment.XDG_DATA_HOME ?? join(home, '.local/share'), 'plimsoll'),
    cacheDir: textOf(pick('cacheDir')) ?? join(environment.XDG_CACHE_HOME ?? join(home, '.cache'), 'plimsoll'),
    insecureRegistries: listOf(pick('insecureRegistries')),
    plainHttpRegistries: listOf(pick('plainHttpRegistries')),
    caFile: textOf(pick('caFile')),
    registryConfig: textOf(pick('registryConfig')),
    pullSecrets: listOf(pick('pullSecrets')),
    trustedRoot: textOf(pick('trustedRoot')),
    containerdDir: textOf(pick('containerdDir')) ?? '/var/lib/containerd',
    parallelism: numberOf('parallelism', pick('parallelism'), 4, 64),
    timeoutSeconds: numberOf('timeoutSeconds', secondsOf(pick('timeoutSeconds')), 300, 86_400),
  };
}

function textOf(value: string | number | readonly string[] | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : String(value);
}

function listOf(value: string | number | readonly string[] | undefined): readonly string[] {
  if (Array.isArray(value)) return value as readonly string[];
  return (textOf(value as string | undefined) ?? '')
    .split(',')
    .flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()]));
}

/** `3m30s`, as other tools of the field have it, is 210; what is no such duration is left as it is. */
function secondsOf(value: unknown): unknown {
  const [, hours = '0', minutes = '0', seconds = '0'] = DURATION.exec(String(value)) ?? [];
  const sum = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sum === 0 ? value : sum;
}

const DURATION = /^(?:(\d{1,3})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/;

function numberOf(name: SettingName, value: unknown, fallback: number, max: number): number {
  if (value === undefined || value === '') return fallback;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= max) return number;
  throw new AppError('usage', `${name}: expected a whole number from 1 to ${max}, found ${JSON.stringify(value)}`);
}

/** Changes to an image's configuration and annotations, and further layers. */
import type { Repository } from '../artifacts/index.ts';
import { AppError, isRecord, type Platform, type Ports } from '../core/index.ts';
import { editImage, type EditInput, type ImageParts } from './edit-image.ts';
import { pushTarLayers } from './layer-file.ts';
import { createdAt, parsePairs, type Pushed } from './push-artifact.ts';

export interface MutateInput extends EditInput {
  /** `KEY=VALUE`, of the manifests. */
  readonly annotations: readonly string[];
  /** `KEY=VALUE`. */
  readonly labels: readonly string[];
  /** `KEY=VALUE`: replaces the variable of that name where it stands. */
  readonly environment: readonly string[];
  /** Instead of the old one, whose command goes with it. */
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user?: string | undefined;
  readonly folder?: string | undefined;
  /** `80` or `80/udp`. */
  readonly ports: readonly string[];
  readonly setPlatform?: Platform | undefined;
  /** Tar files that become layers on top. */
  readonly append: readonly string[];
}

export async function mutateImage(ports: Ports, input: MutateInput, signal: AbortSignal): Promise<Pushed> {
  const annotations = parsePairs(input.annotations, 'annotation');
  const change = changesOf(input);
  const created = createdAt(ports);
  return await editImage(
    ports,
    input,
    async (_, parts, to) => {
      const appended = await appendTo(ports, parts, { to, files: input.append, created, signal });
      return { ...appended, config: change(parts.config), annotations: { ...parts.annotations, ...annotations } };
    },
    signal,
  );
}

type Json = Readonly<Record<string, unknown>>;

/** Throws `usage` for words that are no pairs, before anything is fetched. */
function changesOf(input: MutateInput): (config: Json) => Json {
  const labels = parsePairs(input.labels, 'label');
  const variables = parsePairs(input.environment, 'env');
  const opened = Object.fromEntries(input.ports.map((port) => [portOf(port), {}]));
  const platform = input.setPlatform;
  return (config) => {
    const old = isRecord(config.config) ? config.config : {};
    const { Cmd, ...withoutCommand } = old;
    return {
      ...config,
      ...(platform === undefined ? {} : platformFields(platform)),
      config: {
        ...withoutCommand,
        ...(Cmd === undefined || input.entrypoint.length > 0 ? {} : { Cmd }),
        ...given('Labels', { ...asRecord(old.Labels), ...labels }),
        ...given('Env', withVariables(Array.isArray(old.Env) ? (old.Env as readonly unknown[]) : [], variables)),
        ...given('ExposedPorts', { ...asRecord(old.ExposedPorts), ...opened }),
        ...given('Entrypoint', input.entrypoint),
        ...given('Cmd', input.command),
        ...(input.user === undefined ? {} : { User: input.user }),
        ...(input.folder === undefined ? {} : { WorkingDir: input.folder }),
      },
    };
  };
}

/** Nothing where there is nothing to say: what the image has stays. */
function given(key: string, value: object): Json {
  return Object.keys(value).length === 0 ? {} : { [key]: value };
}

function asRecord(value: unknown): Json {
  return isRecord(value) ? value : {};
}

function withVariables(old: readonly unknown[], variables: Readonly<Record<string, string>>): readonly unknown[] {
  const nameOf = (entry: unknown) => String(entry).split('=', 1)[0] ?? '';
  const names = new Set(old.map(nameOf));
  const replaced = old.map((entry) => {
    const value = variables[nameOf(entry)];
    return value === undefined ? entry : `${nameOf(entry)}=${value}`;
  });
  const added = Object.entries(variables).filter(([name]) => !names.has(name));
  return [...replaced, ...added.map(([name, value]) => `${name}=${value}`)];
}

function portOf(text: string): string {
  if (/^\d{1,5}(?:-\d{1,5})?\/(?:tcp|udp|sctp)$/.test(text)) return text;
  if (/^\d{1,5}$/.test(text)) return `${text}/tcp`;
  throw new AppError('usage', `port: expected a number like 80 or 80/udp, found ${JSON.stringify(text.slice(0, 80))}`);
}

function platformFields({ os, architecture, variant, osVersion }: Platform): Json {
  return {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { 'os.version': osVersion }),
  };
}

interface Appending {
  readonly to: Repository;
  readonly files: readonly string[];
  readonly created: string;
  readonly signal: AbortSignal;
}

async function appendTo(
  ports: Ports,
  parts: ImageParts,
  { to, files, created, signal }: Appending,
): Promise<ImageParts> {
  const layers = await pushTarLayers(ports, { to, files }, signal);
  const entries = layers.map(() => ({ created, created_by: 'plimsoll append' }));
  return { ...parts, layers: [...parts.layers, ...layers], history: [...parts.history, ...entries] };
}

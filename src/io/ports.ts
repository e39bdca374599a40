/** All ports together, as the process offers them. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  AppError,
  checkCertificates,
  digestOf,
  type Files,
  type Http,
  type Ports,
  type Progress,
  type Settings,
  type Threads,
} from '../core/index.ts';
import { createFileCache } from './cache.ts';
import { createFiles } from './files.ts';
import { createHttp } from './http.ts';
import { createErrorLog, createWarnings } from './log.ts';

/** A bundle of all public authorities has some hundred kilobytes. */
const MAX_PEM_BYTES = 4 * 1024 * 1024;

export interface PortsOptions {
  readonly settings: Settings;
  readonly home: string;
  /** Folder of the schemas; where the sources have them when absent. */
  readonly schemas?: string;
  /** Writes all of the log to standard error; else only warnings, in words. */
  readonly verbose: boolean;
  readonly progress: Progress;
  /** The file that other threads begin with; absent: no threads. */
  readonly worker?: string;
  /** The file that names all that the program consists of. */
  readonly bundle?: string | undefined;
}

export function createPorts(options: PortsOptions): Ports {
  const clock = () => new Date();
  const files = createFiles();
  const http = createHttp({ environment: process.env });
  const { bundle } = options;
  const { caFile } = options.settings;
  return {
    http: caFile === undefined ? http : withAuthorities(http, files, caFile),
    grpc: async (call) => (await import('./grpc.ts')).createCallGrpc()(call),
    files,
    clock,
    random: (bytes) => randomBytes(bytes),
    // What few commands need is loaded when it is needed: every command pays for the rest.
    run: async (...words) => (await import('./run.ts')).createRunProgram()(...words),
    loadPackage,
    serve: async (...words) => (await import('./serve.ts')).serveHttp(...words),
    cache: createFileCache(join(options.settings.cacheDir, 'v1')),
    ...(options.worker === undefined ? {} : { threads: lazyThreads(options.worker) }),
    ...(bundle === undefined ? {} : { build: async () => digestOf(await files.read(bundle)) }),
    environment: process.env,
    settings: options.settings,
    home: options.home,
    schemas: options.schemas ?? join(import.meta.dirname, '../metadata/sbom/schemas'),
    log: options.verbose ? createErrorLog(clock) : createWarnings(),
    progress: options.progress,
  };
}

/** Whoever says nothing of TLS believes the authorities of the settings, too; registries say what theirs are. */
function withAuthorities(http: Http, files: Files, caFile: string): Http {
  let loaded: Promise<string> | undefined;
  const load = async () => checkCertificates(new TextDecoder().decode(await files.read(caFile, MAX_PEM_BYTES)), caFile);
  return async (request) => {
    if (request.tls !== undefined || !request.url.startsWith('https:')) return await http(request);
    return await http({ ...request, tls: { ca: await (loaded ??= load()) } });
  };
}

async function loadPackage(name: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(name)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    const isAbsent = cause instanceof Error && 'code' in cause && String(cause.code).endsWith('MODULE_NOT_FOUND');
    if (!isAbsent) throw new AppError('unavailable', `package ${name}: could not be loaded`, { cause });
    throw new AppError('not-found', `package ${name}: not installed`, {
      cause,
      hint: `npm install ${name} in the folder of the program`,
    });
  }
}

function lazyThreads(worker: string): Threads {
  let threads: Promise<Threads> | undefined;
  return {
    run: async (task) => {
      threads ??= import('./threads.ts').then(({ createThreads }) => createThreads(worker));
      return await (await threads).run(task);
    },
  };
}

/**
 * Effects as small interfaces. They are implemented in io/ and handed in by main.ts;
 * no other room reads the network, the disk, the clock, the environment or the console.
 */
import type { Digest } from './digest.ts';
import type { Settings } from './settings.ts';

/** Now. Verification never calls it: there, time is a parameter. */
export type Clock = () => Date;

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream needs a `content-length` header, or is sent chunked. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /** For https, where the system's authorities and no certificate of our own will not do. */
  readonly tls?: HttpTls;
}

/** All in PEM. */
export interface HttpTls {
  /** Authorities trusted besides the system's. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Any certificate is taken. */
  readonly skipVerify?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; a repeated header has several values. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Must be read to its end or cancelled with `return()`, or the connection is lost. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * One exchange. Redirects are never followed here: who follows decides what goes along.
 * Throws `unavailable` when there is no answer.
 */
export type Http = (request: HttpRequest) => Promise<HttpResponse>;

export interface GrpcCall {
  /** `unix:///path` or `tcp://HOST:PORT`, without TLS: for agents of this machine. */
  readonly endpoint: string;
  /** `/SERVICE/METHOD`. */
  readonly method: string;
  /** Names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Protocol buffers. */
  readonly message: Uint8Array;
  readonly signal?: AbortSignal;
}

/** One question, one answer. Throws `unavailable` when there is none, and what its status means: `unauthorized`, `not-found`. */
export type CallGrpc = (call: GrpcCall) => Promise<Uint8Array>;

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  /** Bytes. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  readonly modified: Date;
}

/** Bytes from `start` to before `end`; defaults to all. */
export interface FileRange {
  readonly start?: number;
  readonly end?: number;
  /** Memory is used again: a chunk is good only until the next but one is asked for. For receivers that keep none. */
  readonly recycle?: boolean;
}

/** The disk. Paths are absolute or relative to the working directory. Missing things throw `not-found`. */
export interface Files {
  /** Refuses (`invalid-input`) a file of more than maxBytes. */
  read(path: string, maxBytes?: number): Promise<Uint8Array>;
  stream(path: string, range?: FileRange): AsyncIterable<Uint8Array>;
  /** Follows symbolic links unless told not to. Undefined when nothing is there. */
  stat(path: string, options?: { readonly follow?: boolean }): Promise<FileStat | undefined>;
  /** Names in the folder, sorted. Empty when the folder does not exist. */
  list(path: string): Promise<readonly string[]>;
  readLink(path: string): Promise<string>;
  /** Temporary file, fsync, rename, fsync of the folder: after a crash there is the old content or the new, never a part. */
  writeAtomic(path: string, content: Uint8Array | string, options?: { readonly mode?: number }): Promise<void>;
  /** Appends and, unless told not to, fsyncs; creates file and folders. */
  append(
    path: string,
    content: AsyncIterable<Uint8Array> | Uint8Array,
    options?: { readonly durable?: boolean; readonly mode?: number },
  ): Promise<void>;
  /** Cuts a file to this many bytes. */
  truncate(path: string, size: number): Promise<void>;
  /** Atomic within a file system; creates the folder; fsyncs it. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a folder with all in it; no error when absent. */
  remove(path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Absolute path with symbolic links resolved. */
  realPath(path: string): Promise<string>;
}

/** Answers requests with responses, as Web standards have them; tests call it without a socket. */
export type WebHandler = (request: Request, client?: WebClient) => Promise<Response>;

/** The other end of a connection. */
export interface WebClient {
  /** IP address. */
  readonly address: string;
  /** The request's body without the copies that a Web stream makes; for large ones, instead of the request's own. */
  readonly body: AsyncIterable<Uint8Array>;
  /**
   * The answer's body once more, without the copies that a Web stream makes, for large ones: if the answer goes out as it is, this is
   * sent, and each next chunk is asked for only when the system has taken all of the one before.
   */
  readonly send: (answer: Response, content: AsyncIterable<Uint8Array>) => void;
}

export interface ServeOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** PEM. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Milliseconds for which running answers may go on after close(); 5 seconds when absent. */
  readonly graceMs?: number;
}

export interface WebServer {
  /** With the port that was taken, without a path: `http://127.0.0.1:5000`. */
  readonly url: string;
  /** From the next connection on, another certificate; those that stand keep theirs. */
  renew(tls: { readonly certificate: string; readonly key: string }): void;
  /** Refuses new connections, lets running answers end. */
  close(): Promise<void>;
}

/** Throws `unavailable` when the address is taken. */
export type Serve = (handler: WebHandler, options: ServeOptions) => Promise<WebServer>;

/** Runs a program without a shell, for credential helpers and key plugins. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  options: {
    readonly input?: string | Uint8Array;
    /** Besides what this program was given. */
    readonly environment?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal;
    readonly maxBytes: number;
  },
) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;

/**
 * Loads a package that is no part of the program and is installed by who needs it, such as the client of a cloud service. Throws `not-found`
 * when it is not there.
 */
export type LoadPackage = (name: string) => Promise<Readonly<Record<string, unknown>>>;

/** Small derived values that may vanish at any time, by key. */
export interface Cache {
  load(key: string): Promise<Uint8Array | undefined>;
  save(key: string, value: Uint8Array): Promise<void>;
}

/** Work that another thread can do: it is named, for no function can be sent there. */
export interface ThreadTask {
  /** As `src/worker.ts` lists them. */
  readonly name: string;
  readonly input: Readonly<Record<string, string>>;
  /** Handed over chunk by chunk, as they are, not faster than the thread takes them; an error in it is the task's. */
  readonly source: AsyncIterable<Uint8Array>;
  /** Whether it is soon done: a thread that is started for it may hold some megabytes more for that. */
  readonly isShort?: boolean;
  readonly onBytes?: (total: number) => void;
  /** What went wrong without ending the task. */
  readonly onFault?: (reason: string) => void;
}

/** Other threads, as many as there are processors, started when first needed. Errors arrive as what they were. */
export interface Threads {
  run(task: ThreadTask): Promise<Uint8Array>;
}

/** Cryptographically strong bytes. */
export type Random = (bytes: number) => Uint8Array;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Structured lines for operators; never secrets. */
export interface Log {
  info(event: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(event: string, facts?: Readonly<Record<string, unknown>>): void;
}

/** Long work reports itself; only the CLI draws it. */
export type Progress = (event: ProgressEvent) => void;

export interface ProgressEvent {
  /** What is being worked on, for example a layer's digest. */
  readonly item: string;
  /** Lower-case verb, for example `pull`, `push`, `read`. */
  readonly action: string;
  /** Bytes or entries so far, and in all if known. */
  readonly done: number;
  readonly total?: number;
}

/** The layer that holds a file: `index` 0 is the lowest. */
export interface LayerRef {
  readonly index: number;
  readonly digest: Digest;
  readonly diffId: Digest;
}

export interface FileEntry {
  /** From the root, without a leading slash: `usr/bin/env`. Never escapes the root. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink';
  /** Bytes. */
  readonly size: number;
  readonly mode: number;
  readonly linkTarget?: string;
  /** The uppermost layer that wrote it, or changed a folder's mode; absent outside images. */
  readonly layer?: LayerRef;
}

/** One layer's version of a path; undefined content means that the layer deleted it. */
export interface FileVersion {
  readonly layer: LayerRef;
  readonly content: Uint8Array | undefined;
}

/** What one layer did to a path. */
export interface LayerChange {
  readonly layer: LayerRef;
  readonly change: 'added' | 'changed' | 'deleted';
}

/** Something that was not read although it was asked for, and why. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

/**
 * The files of an image, a folder or an archive, as catalogers see them.
 * Content is at hand only for files that the FileSelector chose.
 */
export interface FileTree {
  /** All entries, or all below a folder, no link followed; sorted by path (by code unit). */
  entries(folder?: string): Iterable<FileEntry>;
  /** Files that the FileSelector may have chosen, and maybe others, likewise sorted; all entries where that is not known. */
  candidates?(): Iterable<FileEntry>;
  /** Resolves symbolic links inside the root. */
  find(path: string): FileEntry | undefined;
  /** Content of a chosen file, symbolic links resolved; undefined when absent or not chosen. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Every layer's version of a chosen path, lowest first; one entry with no layer is never given. Empty outside images. */
  history(path: string): Promise<readonly FileVersion[]>;
  /** What layers did to every path, lowest first; deleted paths too. Empty outside images. */
  changes(): ReadonlyMap<string, readonly LayerChange[]>;
  /** Filled while reading; an SBOM repeats it. */
  readonly skipped: readonly SkippedFile[];
}

export type Selection =
  | { readonly kind: 'skip' }
  /** Keep the content, if the file has at most maxBytes; more is listed as skipped. */
  | { readonly kind: 'keep'; readonly maxBytes: number }
  /** Keep only what a condenser makes of the content. For executables and archives of which little matters. */
  | {
      readonly kind: 'condense';
      readonly maxBytes: number;
      /** `head` holds the file's first bytes (16, or all there are). Undefined: not wanted, so that a stream drops it unread. */
      readonly open: (head: Uint8Array, size: number) => Condenser | undefined;
    };

/** The first bytes that `open` of a condensing Selection is shown. */
export const HEAD_BYTES = 16;

/** Sees one file's bytes once, in order. */
export interface Condenser {
  /** How many of the first bytes it wants; the others need not be read. All where absent. */
  readonly bytes?: number;
  /** A chunk is good only during the call. The first ones repeat the head. */
  write(chunk: Uint8Array): void;
  /** What is to be kept; undefined keeps nothing. */
  end(): Uint8Array | undefined;
}

/** Decides from path, mode and size alone, so that one pass over a layer suffices. */
export interface FileSelector {
  /** Changes whenever the choice or a condenser changes; part of cache keys. */
  readonly id: string;
  select(file: { readonly path: string; readonly mode: number; readonly size: number }): Selection;
}

/** All effects together, as main.ts hands them to use cases. */
export interface Ports {
  readonly http: Http;
  readonly grpc: CallGrpc;
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly run: RunProgram;
  readonly loadPackage: LoadPackage;
  readonly serve: Serve;
  readonly cache: Cache;
  /** Absent where the program is not started as a whole, as in tests: then work stays on this thread. */
  readonly threads?: Threads;
  /** Another one for each change of the program; absent where it runs from sources, which change without a trace. */
  readonly build?: () => Promise<string>;
  /** Raw environment, for keys named `env://NAME`; our own settings are in `settings`. */
  readonly environment: Environment;
  readonly settings: Settings;
  /** The user's home folder. */
  readonly home: string;
  /** Folder of the schemas that come with the program. */
  readonly schemas: string;
  readonly log: Log;
  readonly progress: Progress;
}

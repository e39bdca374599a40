/** Policies of files and folders, read again when their files change. */
import { AppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { listPolicyFiles, loadPolicies } from './load-policies.ts';
import type { KeptMaterial } from './policy-material.ts';
import type { NoMatch, PolicySet, PolicySource } from './policy-source.ts';

export interface PolicyFolderOptions {
  readonly paths: readonly string[];
  readonly noMatch: NoMatch;
  readonly material?: KeptMaterial | undefined;
  /** Milliseconds between looks at the files. */
  readonly poll?: number;
}

const POLL_MS = 1000;

/** Throws whatever loading the policies throws: a server with no policy must not start. */
export async function openPolicyFolder(ports: Ports, options: PolicyFolderOptions): Promise<PolicySource> {
  const folder = new PolicyFolder(ports, options);
  await folder.start();
  return folder;
}

class PolicyFolder implements PolicySource {
  current: PolicySet;
  fault: string | undefined = 'policies are not loaded yet';
  confirmed: Date;
  readonly namespace = undefined;
  readonly faults = 0;
  readonly #ports: Ports;
  readonly #options: PolicyFolderOptions;
  #stamp = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: Ports, options: PolicyFolderOptions) {
    this.#ports = ports;
    this.#options = options;
    this.current = { policies: [], noMatch: options.noMatch, exceptions: [] };
    this.confirmed = ports.clock();
  }

  async start(): Promise<void> {
    this.#stamp = await this.#readStamp();
    await this.#load();
    this.#schedule();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
  }

  async #load(): Promise<void> {
    const { paths, noMatch, material } = this.#options;
    this.current = { policies: await loadPolicies(this.#ports, paths, material), noMatch, exceptions: [] };
    this.fault = undefined;
  }

  #schedule(): void {
    this.#timer = setTimeout(() => void this.#reload().finally(() => this.#schedule()), this.#options.poll ?? POLL_MS);
    this.#timer.unref();
  }

  /**
   * A change that cannot be compiled denies everything, and says so, until it is mended: the old policies are no longer wanted.
   * After a fault the files are read again even if they look the same, since a folder that was away for a moment comes back so.
   */
  async #reload(): Promise<void> {
    try {
      const stamp = await this.#readStamp();
      this.confirmed = this.#ports.clock();
      if (stamp === this.#stamp && this.fault === undefined) return;
      this.#stamp = stamp;
      await this.#load();
      this.#ports.log.info('policies-loaded', { count: this.current.policies.length });
    } catch (error) {
      const reason = error instanceof AppError ? error.message : String(error);
      if (reason !== this.fault) this.#ports.log.warn('policies-refused', { reason });
      this.fault = reason;
    }
  }

  /** Names, sizes and times of all policy files, and what else changes them. */
  async #readStamp(): Promise<string> {
    const files = (await Promise.all(this.#options.paths.map((path) => listPolicyFiles(this.#ports, path)))).flat();
    const stats = await Promise.all(files.map((file) => this.#ports.files.stat(file)));
    const stamps = files.map((file, index) => `${file} ${stats[index]?.size} ${stats[index]?.modified.getTime()}`);
    return [...stamps, this.#options.material?.stamp].join('\n');
  }
}

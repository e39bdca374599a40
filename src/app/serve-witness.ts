/** Serves a witness of transparency logs from a folder, and makes its key first where there is none. */
import { join } from 'node:path';
import { AppError, type Ports, type WebServer } from '../core/index.ts';
import { createWitness, createWitnessKey, openWitnessKey, parseLogKey } from '../trust/index.ts';
import { openTls, parseAddress, type TlsInput } from './serve-registry.ts';

export interface ServeWitnessInput {
  /** `HOST:PORT`; port 0 takes any free one. */
  readonly address: string;
  /** `witness` in the data folder when absent. */
  readonly folder?: string | undefined;
  /** What a new witness is called. */
  readonly name?: string | undefined;
  /** Verifier keys of the logs that it knows, or files that hold them. */
  readonly logs: readonly string[];
  /** Of the key in the folder. */
  readonly password: () => Promise<string>;
  readonly newPassword: () => Promise<string>;
  readonly tls?: TlsInput | undefined;
  readonly graceMs: number;
}

export interface ServedWitness extends WebServer {
  readonly folder: string;
  readonly name: string;
  /** `NAME+HINT+KEY`, for policies. */
  readonly verifierKey: string;
  readonly caFile?: string;
}

const MAX_KEY_BYTES = 4096;

export async function serveWitness(ports: Ports, input: ServeWitnessInput): Promise<ServedWitness> {
  const { files, clock } = ports;
  const folder = input.folder ?? join(ports.settings.dataDir, 'witness');
  const address = parseAddress(input.address);
  if (input.logs.length === 0)
    throw new AppError('usage', 'expected a log to witness, found none', { hint: 'give --log with its verifier key' });
  const logs = await Promise.all(
    input.logs.map(async (log) => {
      const isKey = log.split('+').length >= 3;
      const text = isKey ? log : new TextDecoder().decode(await files.read(log, MAX_KEY_BYTES));
      return parseLogKey(text.trim(), isKey ? '--log' : log);
    }),
  );
  const { signing, verifierKey, ...signer } = await openKey(ports, folder, input);
  const handler = createWitness({ files, clock, folder, key: { signing, ...signer }, logs });
  const tls = await openTls(ports, input.tls, address.host);
  const server = await ports.serve(handler, {
    ...address,
    graceMs: input.graceMs,
    ...(tls === undefined ? {} : { tls: { certificate: tls.certificate, key: tls.key } }),
  });
  const { name } = signer;
  return { ...server, folder, name, verifierKey, ...(tls === undefined ? {} : { caFile: tls.caFile }) };
}

async function openKey(ports: Ports, folder: string, { name, password, newPassword }: ServeWitnessInput) {
  const found = await openWitnessKey(ports.files, folder, password);
  if (found !== undefined && name !== undefined && name !== found.name)
    throw new AppError('usage', `--name: expected ${found.name}, whose key lies in ${folder}, found ${name}`);
  if (found !== undefined) return found;
  if (name === undefined)
    throw new AppError('usage', 'expected the name of a new witness, found none', {
      hint: 'give --name, such as witness.example.com/one',
    });
  await createWitnessKey(ports, folder, { name, password: await newPassword() });
  const created = await openWitnessKey(ports.files, folder, password);
  if (created === undefined) throw new AppError('not-found', `${folder}: expected the witness just made, found none`);
  return created;
}

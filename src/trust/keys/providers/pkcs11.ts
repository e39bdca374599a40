/**
 * `pkcs11:token=NAME;object=LABEL?module-path=PATH&pin-value=PIN` (RFC 7512): keys of tokens and HSMs through OpenSC's pkcs11-tool.
 * COSIGN_PKCS11_MODULE_PATH and COSIGN_PKCS11_PIN stand in for what the URI leaves out; the PIN is never put on a command line.
 */
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { AppError } from '../../../core/index.ts';
import { importSpki } from '../../crypto/index.ts';
import { remoteKey, type KeyName, type KeyProvider, type KeySources } from '../provider.ts';

const PROGRAM = 'pkcs11-tool';
const PIN = 'COSIGN_PKCS11_PIN';
const MAX_OUTPUT_BYTES = 64 * 1024;
const MAX_FILE_BYTES = 64 * 1024;

export const pkcs11: KeyProvider = {
  scheme: 'pkcs11',
  open: async (sources, name, signal) => {
    const token = parseToken(sources, name);
    const tool = await chooseById({ sources, name, token, signal });
    const spki = await withFolder(sources, async (path) => {
      await runTool(tool, ['--read-object', '--type', 'pubkey', '--output-file', path('key')]);
      return await sources.files.read(path('key'), MAX_FILE_BYTES);
    });
    const publicKey = importSpki(spki, `key ${name.text}`);
    const isRsa = publicKey.algorithm === 'rsa';
    if (publicKey.algorithm === 'ed25519')
      throw new AppError('invalid-input', `key ${name.text}: expected an ECDSA or RSA key, found ed25519`);
    return remoteKey(publicKey, name, async (content) => {
      const digest = createHash('sha256').update(content).digest();
      return await withFolder(sources, async (path) => {
        await sources.files.writeAtomic(path('input'), isRsa ? Buffer.concat([SHA256_INFO, digest]) : digest);
        const mechanism = isRsa ? ['RSA-PKCS'] : ['ECDSA', '--signature-format', 'openssl'];
        const io = ['--input-file', path('input'), '--output-file', path('output')];
        await runTool(tool, ['--login', '--pin', token.pin, '--sign', '--mechanism', ...mechanism, ...io]);
        return await sources.files.read(path('output'), MAX_FILE_BYTES);
      });
    });
  },
};

/** DigestInfo of SHA-256 (RFC 8017 9.2) before the digest itself: RSA-PKCS signs what it is given. */
const SHA256_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

interface Token {
  readonly module: string;
  /** Which token and which key, as options of the tool. */
  readonly selection: readonly string[];
  /** Where the tool finds the PIN. */
  readonly pin: string;
}

function parseToken({ environment }: KeySources, { rest, text }: KeyName): Token {
  const [path = '', query = ''] = rest.split('?');
  const read = (part: string, separator: string) =>
    new Map(part.split(separator).map((pair) => decodePair(pair, text)));
  const attributes = read(path, ';');
  const options = read(query, '&');
  const module = options.get('module-path') ?? environment['COSIGN_PKCS11_MODULE_PATH'] ?? '';
  if (module === '') {
    throw new AppError('usage', `key ${text}: expected the module of the token, found none`, {
      hint: 'add ?module-path=PATH or set COSIGN_PKCS11_MODULE_PATH',
    });
  }
  if (options.has('pin-value')) {
    throw new AppError('usage', `key ${text}: expected the PIN in ${PIN}, found it in the name`, {
      hint: 'other users of the machine can see arguments of programs',
    });
  }
  const selection = [
    ['token', '--token-label'],
    ['slot-id', '--slot'],
    ['object', '--label'],
    ['id', '--id'],
  ].flatMap(([attribute = '', option = '']) => {
    const value = attributes.get(attribute);
    return value === undefined
      ? []
      : [option, attribute === 'id' ? Buffer.from(value, 'latin1').toString('hex') : value];
  });
  if (!attributes.has('object') && !attributes.has('id'))
    throw new AppError('invalid-input', `key ${text}: expected object=LABEL or id=ID, found neither`);
  return { module, selection, pin: `env:${PIN}` };
}

/** Percent signs stand for bytes, as ids have them. */
function decodePair(pair: string, text: string): readonly [string, string] {
  const at = pair.indexOf('=');
  const value = pair.slice(at + 1);
  if (at < 0 && pair !== '') throw new AppError('invalid-input', `key ${text}: expected NAME=VALUE, found "${pair}"`);
  const bytes = value.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return [pair.slice(0, Math.max(at, 0)), bytes];
}

interface Tool {
  readonly sources: KeySources;
  readonly name: KeyName;
  readonly token: Token;
  readonly signal: AbortSignal | undefined;
}

async function runTool({ sources, name, token, signal }: Tool, words: readonly string[]): Promise<string> {
  if (words.includes('--login') && (sources.environment[PIN] ?? '') === '')
    throw new AppError('usage', `key ${name.text}: expected the PIN in ${PIN}, found none`);
  const options = { maxBytes: MAX_OUTPUT_BYTES, ...(signal === undefined ? {} : { signal }) };
  const args = ['--module', token.module, ...token.selection, ...words];
  const { code, stdout, stderr } = await sources.run(PROGRAM, args, options);
  if (code === 0) return stdout;
  const said = stderr.trim().split('\n').slice(0, 3).join('; ');
  const kind = /CKR_PIN|CKR_USER_NOT_LOGGED_IN/.test(stderr)
    ? 'unauthorized'
    : /not found|No slot|not present/i.test(stderr)
      ? 'not-found'
      : 'unavailable';
  throw new AppError(kind, `key ${name.text}: ${PROGRAM} ended with ${code}: ${said}`);
}

/** By a label alone the tool may find another object than the private key (OpenSC 0.23), so the key's id is looked up. */
async function chooseById(tool: Tool): Promise<Tool> {
  const { selection } = tool.token;
  const label = selection[selection.indexOf('--label') + 1] ?? '';
  if (selection.includes('--id')) return tool;
  const objects = (await runTool(tool, ['--list-objects', '--type', 'pubkey'])).split(/^(?=\S)/m);
  const ids = objects.flatMap((object) => {
    const isWanted = /^\s*label:\s*(.*?)\s*$/m.exec(object)?.[1] === label;
    return isWanted ? (/^\s*ID:\s*([0-9a-f]+)/m.exec(object)?.[1] ?? []) : [];
  });
  const [id, ...others] = new Set(ids);
  if (others.length > 0) {
    const expected = 'expected one key of this label, add id=ID';
    throw new AppError('usage', `key ${tool.name.text}: ${expected}, found ids ${ids.join(', ')}`);
  }
  return id === undefined ? tool : { ...tool, token: { ...tool.token, selection: [...selection, '--id', id] } };
}

/** The tool reads and writes files: digests and signatures, nothing secret. */
async function withFolder<T>(
  { files, settings }: KeySources,
  action: (path: (name: string) => string) => Promise<T>,
): Promise<T> {
  const folder = join(settings.cacheDir, `pkcs11-${randomUUID()}`);
  await files.makeFolder(folder);
  try {
    return await action((name) => join(folder, name));
  } finally {
    await files.remove(folder);
  }
}

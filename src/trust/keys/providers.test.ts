/** Keys that live elsewhere, each behind a fake of the service, program or package that it lives in. */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { createHandlerHttp } from '../../artifacts/testing.ts';
import { AppError, type ErrorKind, type Ports, type RunProgram, type WebHandler } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { encryptKeyFile } from './key-file.ts';
import { openPublicKey, openSigningKey } from './open-key.ts';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');

const pemOf = (key: KeyObject) => key.export({ format: 'pem', type: 'spki' });
const derOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' });
const keyIdOf = (key: KeyObject): string => `sha256:${createHash('sha256').update(derOf(key)).digest('hex')}`;
const content = Buffer.from('content');

const noPassword = async (): Promise<string> => '';

/** Opens the key, signs with it, and verifies under the public half that the same name gives. */
async function works(ports: Ports, name: string, expected: KeyObject): Promise<void> {
  const key = await openSigningKey(ports, name, noPassword);
  assert.equal(key.publicKey.keyId, keyIdOf(expected));
  const publicKey = await openPublicKey(ports, name);
  assert.equal(publicKey.keyId, keyIdOf(expected));
  assert.ok(publicKey.verify(content, await key.sign(content)));
}

async function refuses(running: Promise<unknown>, kind: ErrorKind, message: RegExp): Promise<void> {
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(`${error.kind} ${message.test(error.message)}`, `${kind} true`, error.message);
    return true;
  });
}

/** What a service does that is given a hash: as OpenSSL over the hash's own bytes is not in node, the content is known. */
const signHashed = (key: KeyObject, digest: Uint8Array): Buffer => {
  assert.deepEqual(Buffer.from(digest), createHash('sha256').update(content).digest());
  return sign('sha256', content, key);
};

interface Transit {
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

function vaultOf({ publicKey, privateKey }: Transit): WebHandler {
  return async (request) => {
    if (request.headers.get('x-vault-token') !== 'token') return new Response('permission denied', { status: 403 });
    const { pathname } = new URL(request.url);
    if (pathname === '/v1/transit/keys/release')
      return Response.json({
        data: { type: 'any', latest_version: 2, keys: { 1: { public_key: 'old' }, 2: { public_key: publicKey } } },
      });
    if (!pathname.startsWith('/v1/transit/sign/release')) return new Response('no such key', { status: 404 });
    const asked = (await request.json()) as { input: string; prehashed: boolean; key_version: number };
    const input = Buffer.from(asked.input, 'base64');
    const signature = asked.prehashed ? signHashed(privateKey, input) : sign(null, input, privateKey);
    return Response.json({ data: { signature: `vault:v${asked.key_version}:${signature.toString('base64')}` } });
  };
}

const vaultPorts = (transit: Transit, environment: Ports['environment'] = { VAULT_TOKEN: 'token' }) =>
  createTestPorts({
    http: createHandlerHttp({ 'vault.test': vaultOf(transit) }),
    environment: { VAULT_ADDR: 'http://vault.test/', ...environment },
  });

test('keys of Vault sign: ECDSA and RSA over the hash, Ed25519 over the content', async () => {
  await works(
    vaultPorts({ publicKey: pemOf(ec.publicKey), privateKey: ec.privateKey }),
    'hashivault://release',
    ec.publicKey,
  );
  await works(
    vaultPorts({ publicKey: pemOf(rsa.publicKey), privateKey: rsa.privateKey }),
    'hashivault://release',
    rsa.publicKey,
  );
  const raw = derOf(ed.publicKey).subarray(-32).toString('base64');
  await works(vaultPorts({ publicKey: raw, privateKey: ed.privateKey }), 'hashivault://release', ed.publicKey);
  const ports = vaultPorts({ publicKey: pemOf(ec.publicKey), privateKey: ec.privateKey }, {});
  await ports.files.writeAtomic(`${ports.home}/.vault-token`, 'token\n');
  await works(ports, 'hashivault://release', ec.publicKey);
});

test('Vault that refuses, lacks the key, or signs with another key than it shows is an error of its kind', async () => {
  const transit = { publicKey: pemOf(ec.publicKey), privateKey: ec.privateKey };
  const open = (ports: Ports, name: string) => openSigningKey(ports, name, noPassword);
  await refuses(
    open(vaultPorts(transit, { VAULT_TOKEN: 'wrong' }), 'hashivault://release'),
    'unauthorized',
    /permission denied/,
  );
  await refuses(open(vaultPorts(transit), 'hashivault://absent'), 'invalid-input', /404/);
  await refuses(open(vaultPorts(transit), 'hashivault://../sys'), 'invalid-input', /hashivault:\/\/KEY/);
  await refuses(open(vaultPorts(transit, { VAULT_ADDR: '' }), 'hashivault://release'), 'usage', /VAULT_ADDR/);
  const liar = await open(vaultPorts({ ...transit, privateKey: other.privateKey }), 'hashivault://release');
  await refuses(liar.sign(content), 'invalid-input', /expected a signature by sha256:/);
});

const portsRunning = (run: RunProgram, environment: Ports['environment'] = {}) => createTestPorts({ run, environment });
const answered = (stdout: unknown) => ({ code: 0, stdout: JSON.stringify(stdout), stderr: '' });

test('a plugin is asked for the key and for signatures in protocol v1, and what it says is told', async () => {
  const run: RunProgram = async (program, [version, json = ''], { input }) => {
    assert.equal(`${program} ${version}`, 'sigstore-kms-myhsm v1');
    const asked = JSON.parse(json) as { initOptions: object; methodName: string; signMessage?: object };
    const rpcOptions = { keyVersion: '', remoteVerification: false };
    assert.deepEqual(asked.initOptions, { protocolVersion: 'v1', keyResourceID: 'slot/1', hashFunc: 5, rpcOptions });
    if (asked.methodName === 'publicKey')
      return answered({ publicKey: { publicKeyPEM: Buffer.from(pemOf(ec.publicKey)).toString('base64') } });
    const digest = createHash('sha256').update(content).digest('base64');
    assert.deepEqual(asked.signMessage, { signOptions: { rpcOptions, messageOptions: { digest } } });
    assert.deepEqual(Buffer.from(input ?? ''), content);
    return answered({ signMessage: { signature: sign('sha256', content, ec.privateKey).toString('base64') } });
  };
  await works(portsRunning(run), 'myhsm://slot/1', ec.publicKey);
  const open = (run: RunProgram) => openSigningKey(portsRunning(run), 'myhsm://slot/1', noPassword);
  await refuses(
    open(async () => answered({ errorMessage: 'no such slot' })),
    'unavailable',
    /no such slot/,
  );
  await refuses(
    open(async () => ({ code: 2, stdout: '', stderr: 'broken' })),
    'unavailable',
    /ended with 2: broken/,
  );
  await refuses(
    open(async () => ({ code: 0, stdout: 'x', stderr: '' })),
    'invalid-input',
    /expected JSON/,
  );
  await refuses(
    openSigningKey(createTestPorts(), 'absent-kms://x', noPassword),
    'not-found',
    /sigstore-kms-absent-kms/,
  );
});

test('a Secret of Kubernetes gives the key with its password, and the public half', async () => {
  const pkcs8 = ec.privateKey.export({ format: 'der', type: 'pkcs8' });
  const sealed = encryptKeyFile(pkcs8, 'open sesame', (bytes) => new Uint8Array(bytes));
  const fields = { 'cosign.key': sealed, 'cosign.pub': pemOf(ec.publicKey), 'cosign.password': 'open sesame' };
  const data = Object.fromEntries(
    Object.entries(fields).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  );
  const run: RunProgram = async (program, args) => {
    assert.equal([program, ...args].join(' '), 'kubectl get secret release --namespace signing --output json');
    return answered({ data });
  };
  await works(portsRunning(run), 'k8s://signing/release', ec.publicKey);
  const open = (run: RunProgram, name = 'k8s://signing/release') => openSigningKey(portsRunning(run), name, noPassword);
  const failing =
    (stderr: string): RunProgram =>
    async () => ({ code: 1, stdout: '', stderr });
  await refuses(open(failing('Error from server (NotFound): secrets "release" not found')), 'not-found', /NotFound/);
  await refuses(open(failing('Error from server (Forbidden): no')), 'unauthorized', /Forbidden/);
  await refuses(open(failing('connection refused')), 'unavailable', /refused/);
  await refuses(
    open(async () => answered({ data: {} })),
    'not-found',
    /cosign\.key/,
  );
  await refuses(open(run, 'k8s://signing'), 'invalid-input', /k8s:\/\/NAMESPACE\/NAME/);
  await refuses(open(run, 'k8s://signing/--all'), 'invalid-input', /k8s:\/\/NAMESPACE\/NAME/);
});

const LISTED = ['other', 'release']
  .map((label, id) => `Public Key Object; EC\n  label:      ${label}\n  ID:         0${id}ff\n`)
  .join('');

test('a token is asked through pkcs11-tool, which finds the PIN in the environment', async () => {
  const asked: string[] = [];
  const run: RunProgram = async (_, args) => {
    asked.push(args.join(' '));
    const file = (name: string): string => args[args.indexOf(name) + 1] ?? '';
    if (args.includes('--list-objects')) return { code: 0, stdout: LISTED, stderr: '' };
    if (args.includes('--read-object')) writeFileSync(file('--output-file'), derOf(ec.publicKey));
    else writeFileSync(file('--output-file'), signHashed(ec.privateKey, readFileSync(file('--input-file'))));
    return { code: 0, stdout: '', stderr: '' };
  };
  const environment = { COSIGN_PKCS11_PIN: '4321' };
  const name = 'pkcs11:token=my%20token;id=%01%ff;object=release?module-path=/lib/hsm.so';
  await works(portsRunning(run, environment), name, ec.publicKey);
  assert.ok(
    asked.every((line) => line.startsWith('--module /lib/hsm.so --token-label my token --label release --id 01ff')),
  );
  assert.ok(asked.every((line) => !line.includes('4321')));
  await works(portsRunning(run, environment), name.replace('id=%01%ff;', ''), ec.publicKey);
  const open = (name: string, run: RunProgram, environment = {}) =>
    openSigningKey(portsRunning(run, environment), name, noPassword);
  await refuses(open('pkcs11:token=a;object=b', run), 'usage', /module/);
  await refuses(open('pkcs11:token=a?module-path=/x', run), 'invalid-input', /object=LABEL/);
  await refuses(
    open(`${name}&pin-value=4321`, run),
    'usage',
    /expected the PIN in COSIGN_PKCS11_PIN, found it in the name/,
  );
  const key = await open(name, run);
  await refuses(key.sign(content), 'usage', /expected the PIN/);
  const wrong: RunProgram = async () => ({ code: 1, stdout: '', stderr: 'error: C_Login failed: CKR_PIN_INCORRECT' });
  await refuses(open(name, wrong), 'unauthorized', /CKR_PIN_INCORRECT/);
  await refuses(
    open(name, async () => ({ code: 1, stdout: '', stderr: 'error: object not found' })),
    'not-found',
    /object/,
  );
});

/** Packages with as much of the vendors' clients as is used. */
function portsWith(packages: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Ports {
  return createTestPorts({
    loadPackage: async (name) => {
      const found = packages[name];
      if (found === undefined) throw new AppError('not-found', `package ${name}: not installed`);
      return found;
    },
  });
}

function awsOf(pair: { publicKey: KeyObject; privateKey: KeyObject }) {
  class GetPublicKeyCommand {
    readonly input: { KeyId: string };
    constructor(input: { KeyId: string }) {
      this.input = input;
    }
  }
  class SignCommand {
    readonly input: { KeyId: string; Message: Uint8Array; MessageType: string; SigningAlgorithm: string };
    constructor(input: SignCommand['input']) {
      this.input = input;
    }
  }
  class KMSClient {
    async send(command: GetPublicKeyCommand | SignCommand) {
      assert.equal(command.input.KeyId, 'alias/release');
      if (command instanceof GetPublicKeyCommand) return { PublicKey: new Uint8Array(derOf(pair.publicKey)) };
      const { MessageType, SigningAlgorithm, Message } = command.input;
      const wanted = pair.publicKey.asymmetricKeyType === 'rsa' ? 'RSASSA_PKCS1_V1_5_SHA_256' : 'ECDSA_SHA_256';
      assert.deepEqual([MessageType, SigningAlgorithm], ['DIGEST', wanted]);
      return { Signature: new Uint8Array(signHashed(pair.privateKey, Message)) };
    }
  }
  return portsWith({ '@aws-sdk/client-kms': { KMSClient, GetPublicKeyCommand, SignCommand } });
}

test('keys of AWS KMS sign through its client; without the package the error names it', async () => {
  await works(awsOf(ec), 'awskms:///alias/release', ec.publicKey);
  await works(awsOf(rsa), 'awskms:///alias/release', rsa.publicKey);
  const open = (ports: Ports, name = 'awskms:///alias/release') => openSigningKey(ports, name, noPassword);
  await refuses(open(awsOf(p384)), 'invalid-input', /expected an ECDSA P-256 or RSA key, found ecdsa-p384/);
  await refuses(open(createTestPorts()), 'not-found', /@aws-sdk\/client-kms/);
  await refuses(open(awsOf(ec), 'awskms://release'), 'invalid-input', /awskms:\/\/\[ENDPOINT\]\/KEY/);
  await refuses(open(portsWith({ '@aws-sdk/client-kms': {} })), 'unavailable', /another version/);
});

test('what a client of a cloud service throws is an error of its kind', async () => {
  for (const [name, message, kind] of [
    ['AccessDeniedException', 'no', 'unauthorized'],
    ['CredentialsProviderError', 'Could not load credentials', 'unauthorized'],
    ['NotFoundException', 'Alias is not there', 'not-found'],
    ['Error', 'getaddrinfo ENOTFOUND kms.example.com', 'unavailable'],
  ] as const) {
    class KMSClient {
      async send() {
        throw Object.assign(new Error(message), { name });
      }
    }
    class GetPublicKeyCommand {
      readonly kind = 'command';
    }
    const ports = portsWith({ '@aws-sdk/client-kms': { KMSClient, GetPublicKeyCommand } });
    await refuses(
      openSigningKey(ports, 'awskms:///x', noPassword),
      kind,
      new RegExp(`client-kms: ${name}: ${message}`),
    );
  }
});

test('keys of Google Cloud KMS sign with the version named, else the newest that is enabled', async () => {
  const parent = 'projects/p/locations/l/keyRings/r/cryptoKeys/k';
  const used: string[] = [];
  class KeyManagementServiceClient {
    async initialize() {
      used.push(parent);
    }
    async listCryptoKeyVersions(input: object) {
      assert.deepEqual(input, { parent, filter: 'state=ENABLED' });
      return [['2', '10', '9'].map((version) => ({ name: `${parent}/cryptoKeyVersions/${version}` }))];
    }
    async getPublicKey({ name }: { name: string }) {
      used.push(name);
      return [{ pem: pemOf(ec.publicKey) }];
    }
    async asymmetricSign({ digest }: { digest: { sha256: Uint8Array } }) {
      return [{ signature: signHashed(ec.privateKey, digest.sha256) }];
    }
  }
  const ports = portsWith({ '@google-cloud/kms': { KeyManagementServiceClient } });
  await works(ports, `gcpkms://${parent}`, ec.publicKey);
  await works(ports, `gcpkms://${parent}/versions/3`, ec.publicKey);
  assert.deepEqual(new Set(used), new Set([parent, `${parent}/cryptoKeyVersions/10`, `${parent}/cryptoKeyVersions/3`]));
  await refuses(openSigningKey(ports, 'gcpkms://k', noPassword), 'invalid-input', /expected gcpkms:\/\/projects/);
  await refuses(openSigningKey(createTestPorts(), `gcpkms://${parent}`, noPassword), 'not-found', /@google-cloud\/kms/);
});

test('keys of Azure Key Vault sign; their numbers become DER', async () => {
  const { x = '', y = '' } = ec.publicKey.export({ format: 'jwk' });
  class DefaultAzureCredential {
    readonly kind = 'credential';
  }
  class KeyClient {
    readonly url: string;
    constructor(url: string) {
      this.url = url;
    }
    async getKey(name: string, { version }: { version?: string }) {
      assert.deepEqual([this.url, name, version], ['https://v.vault.azure.net', 'release', '1a']);
      return {
        key: {
          kty: 'EC-HSM',
          crv: 'P-256',
          x: Buffer.from(x, 'base64url'),
          y: Buffer.from(y, 'base64url'),
          keyOps: [],
        },
      };
    }
  }
  class CryptographyClient {
    async sign(algorithm: string, digest: Uint8Array) {
      assert.equal(algorithm, 'ES256');
      signHashed(ec.privateKey, digest);
      return { result: sign('sha256', content, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }) };
    }
  }
  const identity = { DefaultAzureCredential };
  const ports = portsWith({ '@azure/keyvault-keys': { KeyClient, CryptographyClient }, '@azure/identity': identity });
  // numbers that begin with a zero byte, or with a high bit, come up within these
  for (let round = 0; round < 40; round += 1)
    await works(ports, 'azurekms://v.vault.azure.net/release/1a', ec.publicKey);
  await refuses(openSigningKey(ports, 'azurekms://v', noPassword), 'invalid-input', /azurekms:\/\/VAULT_HOST\/KEY/);
});

test('a public key is fetched over https, and over http from this machine alone', async () => {
  const http = createHandlerHttp({
    'keys.test': async () => new Response(pemOf(ec.publicKey)),
    'localhost:1': async () => new Response('gone', { status: 404 }),
  });
  const ports = createTestPorts({ http });
  assert.equal((await openPublicKey(ports, 'https://keys.test/cosign.pub')).keyId, keyIdOf(ec.publicKey));
  await refuses(openPublicKey(ports, 'http://keys.test/cosign.pub'), 'usage', /expected https/);
  await refuses(openPublicKey(ports, 'http://localhost:1/cosign.pub'), 'invalid-input', /404/);
  await refuses(openSigningKey(ports, 'https://keys.test/cosign.key', noPassword), 'usage', /private key in a file/);
});

/**
 * Certificate identities beside released cosign and sigstore-go, offline: real images that cosign saved, and bundles of a Sigstore made for the test,
 * good ones and tampered ones. What cosign refuses we refuse; what we refuse beyond it is listed by name.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openRepository } from '../../src/app/registry.ts';
import { createRegistry } from '../../src/artifacts/index.ts';
import { parseReference, resolveSettings } from '../../src/core/index.ts';
import type { Descriptor } from '../../src/core/index.ts';
import { createPorts } from '../../src/io/index.ts';
import { pushBundle, pushImage } from '../../src/trust/images/testing.ts';
import { createTestKey, extension } from '../../src/trust/crypto/testing.ts';
import {
  authority,
  CONTENT,
  ISSUER,
  minutes,
  rootAuthority,
  SIGNED_AT,
  SUBJECT,
  TestSigstore,
} from '../../src/trust/testing.ts';
import type { BundleValue } from '../../src/trust/testing.ts';
import { saveTestImage } from '../conformance/saved-image.ts';
import { dataSet, hasSharedData } from '../shared-data.ts';
import { createBench, missingPeers, peer, PLIMSOLL, sha256 } from './support.ts';
import type { Bench } from './support.ts';

const cosign = peer('PEER_COSIGN3');
const ours = (...words: readonly string[]): readonly string[] => [PLIMSOLL, ...words];
const WHO = ['--certificate-identity', SUBJECT, '--certificate-oidc-issuer', ISSUER];
const SBOM = 'https://spdx.dev/Document';
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

const sigstore = new TestSigstore();
let bench: Bench;

const peers = missingPeers('PEER_COSIGN3');

before(async () => {
  bench = await createBench();
  await writeFile(join(bench.folder, 'file'), CONTENT);
  await writeFile(join(bench.folder, 'root.json'), JSON.stringify(sigstore.root));
});

after(async () => await bench.stop());

function statement(predicateType = SBOM, content: Uint8Array = CONTENT): object {
  const digest = { sha256: sha256(content).slice('sha256:'.length) };
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'file', digest }],
    predicateType,
    predicate: {},
  };
}

/** Whether each of the programs accepts the bundle. */
async function askBoth(bundle: BundleValue, words: readonly string[], root = sigstore.root) {
  await writeFile(join(bench.folder, 'bundle.json'), JSON.stringify(bundle));
  await writeFile(join(bench.folder, 'root.json'), JSON.stringify(root));
  const command = [...words, ...WHO, '--trusted-root', 'root.json', '--bundle', 'bundle.json', 'file'];
  const [one, other] = await Promise.all([bench.attempt(cosign(...command)), bench.attempt(ours(...command))]);
  return { cosign: one.code === 0, ours: other.code === 0, said: `${one.stderr}\n${other.stderr}` };
}

const BLOB = ['verify-blob'];
const ATTESTATION = ['verify-blob-attestation', '--type', 'spdxjson'];

describe('bundles beside cosign 3', peers, () => {
  test('both accept files and attestations of either log', async () => {
    for (const log of ['v1', 'v2'] as const) {
      for (const [bundle, words] of [
        [sigstore.signFile(CONTENT, { log }), BLOB],
        [sigstore.signStatement(statement(), { log }), ATTESTATION],
      ] as const) {
        const { said, ...answers } = await askBoth(bundle, words);
        assert.deepEqual(answers, { cosign: true, ours: true }, said);
      }
    }
  });

  test('we refuse every tampered bundle, and cosign all but those that we are stricter about', async () => {
    const accepted: string[] = [];
    for (const [name, { bundle, words = BLOB, root }] of Object.entries(tampered())) {
      const answer = await askBoth(bundle, words, root);
      assert.equal(answer.ours, false, name);
      if (answer.cosign) accepted.push(name);
    }
    assert.deepEqual(accepted, STRICTER);
  });
});

describe('bundles beside sigstore-go', missingPeers('PEER_SIGSTORE_GO'), () => {
  const verifies = async (bundle: BundleValue, root = sigstore.root): Promise<boolean> => {
    await writeFile(join(bench.folder, 'go.json'), JSON.stringify(bundle));
    await writeFile(join(bench.folder, 'go-root.json'), JSON.stringify(root));
    const who = ['-expectedIssuer', ISSUER, '-expectedSAN', SUBJECT, '-trustedrootJSONpath', 'go-root.json'];
    const { code } = await bench.attempt(peer('PEER_SIGSTORE_GO')(...who, '-artifact', 'file', 'go.json'));
    return code === 0;
  };

  test('it accepts files and attestations of either log', async () => {
    for (const log of ['v1', 'v2'] as const) {
      assert.ok(await verifies(sigstore.signFile(CONTENT, { log })), log);
      assert.ok(await verifies(sigstore.signStatement(statement(), { log })), log);
    }
  });

  test('it refuses every tampered bundle but those that we are stricter about', async () => {
    const accepted: string[] = [];
    for (const [name, { bundle, root }] of Object.entries(tampered())) {
      if (await verifies(bundle, root)) accepted.push(name);
    }
    // types of predicates it leaves to whoever asks
    assert.deepEqual(accepted, ['another predicate type', ...STRICTER]);
  });
});

/** What we refuse, and cosign and the library it verifies with do not. */
const STRICTER: readonly string[] = ['a CA as signer', 'a root in the bundle'];

interface Tampered {
  readonly bundle: BundleValue;
  readonly words?: readonly string[];
  readonly root?: TestSigstore['root'];
}

function changed(bundle: BundleValue, change: (bundle: BundleValue) => void): Tampered {
  change(bundle);
  return { bundle };
}

function firstEntry(bundle: BundleValue) {
  const [entry] = bundle.verificationMaterial.tlogEntries;
  assert.ok(entry !== undefined);
  return entry;
}

function tampered(): Readonly<Record<string, Tampered>> {
  const { ca, ct, intermediate, tsaCa } = sigstore;
  const file = (...given: Parameters<typeof sigstore.issue>): Tampered => {
    return { bundle: sigstore.signFile(CONTENT, { certificate: sigstore.issue(...given) }) };
  };
  const names = [extension.uri(SUBJECT), extension.claim(8, ISSUER)];
  const withRoot = (issuer: ReturnType<typeof authority>): Tampered => {
    const root = structuredClone(sigstore.root);
    root.certificateAuthorities = [rootAuthority('https://fulcio.test', issuer, ca)];
    return { ...file({ issuer }), root };
  };
  const stranger = new TestSigstore();
  const certificate = sigstore.issue();
  const signer = { key: certificate.key, certificate: certificate.der };
  const other = sigstore.issue();
  const about = (log: 'v1' | 'v2', digest: Uint8Array, by = signer): Tampered =>
    changed(sigstore.signFile(CONTENT, { certificate, log }), (bundle) => {
      const signature = Buffer.from(bundle.messageSignature?.signature ?? '', 'base64');
      bundle.verificationMaterial.tlogEntries = [sigstore.logMessage({ signer: by, signature, digest }, { log })];
    });
  const digest = Buffer.from(sha256(CONTENT).slice('sha256:'.length), 'hex');
  return {
    'another file': { bundle: sigstore.signFile('other') },
    'another subject': { bundle: sigstore.signStatement(statement(SBOM, Buffer.from('other'))), words: ATTESTATION },
    'another predicate type': { bundle: sigstore.signStatement(statement('https://a.test/b')), words: ATTESTATION },
    'another identity': file({}, [extension.uri(`${SUBJECT}x`), extension.claim(8, ISSUER)]),
    'another issuer': file({}, [extension.uri(SUBJECT), extension.claim(8, `${ISSUER}x`)]),
    'an expired certificate': { bundle: sigstore.signFile(CONTENT, { loggedAt: minutes(11) }) },
    'an unknown CA': file({ issuer: stranger.intermediate }),
    'an expired CA': withRoot(authority('Test Intermediate', { issuer: ca, purposes: [CODE_SIGNING], to: SIGNED_AT })),
    'a CA as signer': file({ extensions: [extension.ca(), extension.purposes([CODE_SIGNING]), ...names] }),
    'another purpose': file({ extensions: [extension.purposes(['1.3.6.1.5.5.7.3.2']), ...names] }),
    'an unknown critical extension': file({}, [
      ...names,
      { oid: '1.2.3.4', value: Uint8Array.of(5, 0), isCritical: true },
    ]),
    'no SCT': file({ scts: [] }),
    'an SCT of an unknown log': file({ scts: [{ log: createTestKey(), at: SIGNED_AT }] }),
    'an SCT under another issuer': file({ scts: [{ log: ct, at: SIGNED_AT, issuerKey: ca.key.publicKey }] }),
    'another time in the promise': changed(sigstore.signFile(CONTENT), (bundle) => {
      firstEntry(bundle).integratedTime = String(minutes(2).getTime() / 1000);
    }),
    'no promise and no timestamp': changed(sigstore.signFile(CONTENT), (bundle) => {
      delete firstEntry(bundle).inclusionPromise;
    }),
    'no proof': changed(sigstore.signFile(CONTENT, { log: 'v2' }), (bundle) => {
      delete firstEntry(bundle).inclusionProof;
    }),
    'another proof': changed(sigstore.signFile(CONTENT, { log: 'v2' }), (bundle) => {
      firstEntry(bundle).inclusionProof?.hashes.reverse();
    }),
    'an unknown log': { bundle: stranger.signFile(CONTENT, { certificate }) },
    'no log entry': changed(sigstore.signFile(CONTENT), (bundle) => {
      bundle.verificationMaterial.tlogEntries = [];
    }),
    'no timestamp': { bundle: sigstore.signFile(CONTENT, { log: 'v2', stampedAt: [] }) },
    'a timestamp too late': { bundle: sigstore.signFile(CONTENT, { log: 'v2', stampedAt: [minutes(20)] }) },
    'a timestamp of another authority': changed(sigstore.signFile(CONTENT, { log: 'v2', stampedAt: [] }), (bundle) => {
      const signature = Buffer.from(bundle.messageSignature?.signature ?? '', 'base64');
      const tsa = stranger.stamper({ issuer: { name: 'Test Timestamp Root', key: stranger.tsaCa.key } });
      const signedTimestamp = Buffer.from(stranger.stamp(signature, minutes(1), tsa)).toString('base64');
      bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps = [{ signedTimestamp }];
      assert.notDeepEqual(tsaCa.der, stranger.tsaCa.der);
    }),
    'an entry about another artifact': about('v1', Buffer.alloc(32)),
    'an entry about another key': about('v1', digest, { key: other.key, certificate: other.der }),
    'an entry of log 2 about another artifact': about('v2', Buffer.alloc(32)),
    'an entry of log 2 about another key': about('v2', digest, { key: other.key, certificate: other.der }),
    'a root in the bundle': changed(sigstore.signFile(CONTENT, { certificate }), (bundle) => {
      bundle.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.2';
      const { certificate: leaf, ...material } = bundle.verificationMaterial;
      const rest = [intermediate, ca].map(({ der }) => ({ rawBytes: Buffer.from(der).toString('base64') }));
      const certificates = [{ rawBytes: leaf?.rawBytes ?? '' }, ...rest];
      bundle.verificationMaterial = { ...material, x509CertificateChain: { certificates } };
    }),
  };
}

const SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';

describe('images beside cosign 3', peers, () => {
  test('both find a signature by identity in our registry, and we alone take no SBOM for one', async () => {
    const home = bench.folder;
    const settings = resolveSettings({ flags: {}, file: {} }, {}, home);
    const ports = createPorts({ settings, home, verbose: false, progress: () => undefined });
    const handler = createRegistry(ports.files, join(home, 'registry'), ports);
    const server = await ports.serve(handler, { host: '127.0.0.1', port: 0 });
    try {
      const { host } = new URL(server.url);
      const repository = openRepository(ports, parseReference(`${host}/app`));
      const images = [await pushImage(repository, 'one'), await pushImage(repository, 'two')];
      const push = async (image: Descriptor, predicateType: string): Promise<void> => {
        const digest = { sha256: image.digest.slice('sha256:'.length) };
        const base = { _type: 'https://in-toto.io/Statement/v1', predicateType, predicate: {} };
        await pushBundle(repository, image, sigstore.signStatement({ ...base, subject: [{ digest }] }, { log: 'v2' }));
      };
      const [signed, described] = images;
      assert.ok(signed !== undefined && described !== undefined);
      await push(signed, SIGN_PREDICATE);
      await push(described, SBOM);
      await writeFile(join(home, 'root.json'), JSON.stringify(sigstore.root));
      const codes = async (image: Descriptor): Promise<readonly number[]> => {
        const words = ['verify', ...WHO, '--trusted-root', 'root.json', '--allow-http-registry'];
        const command = [...words, `${host}/app@${image.digest}`];
        return [(await bench.attempt(cosign(...command))).code, (await bench.attempt(ours(...command))).code];
      };
      assert.deepEqual(await codes(signed), [0, 0]);
      assert.deepEqual(await codes(described), [0, 10]);
    } finally {
      await server.close();
    }
  });
});

const data = hasSharedData ? peers : { skip: 'the large data sets are not beside this clone' };

describe('real images beside cosign 3', data, () => {
  const folder = hasSharedData ? dataSet('sigstore') : '';
  const trust = ['--trusted-root', join(folder, 'trust/public-good/trusted_root.json'), '--local-image'];

  async function agree(words: readonly string[], isGood: boolean): Promise<void> {
    const [one, other] = await Promise.all([bench.attempt(cosign(...words)), bench.attempt(ours(...words))]);
    const answers = { cosign: one.code === 0, ours: other.code === 0 };
    assert.deepEqual(answers, { cosign: isGood, ours: isGood }, `${one.stderr}\n${other.stderr}`);
  }

  test('both verify what cosign saved, by its own signer alone', async () => {
    const workflow = 'slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml';
    const names = readdirSync(join(folder, 'oci')).filter((name) => name.startsWith('slsa-generic-container-'));
    assert.equal(names.length, 9);
    for (const name of names) {
      const identity = `https://github.com/${workflow}@refs/tags/${name.replace('slsa-generic-container-', '')}`;
      const words = ['verify-attestation', '--type', 'slsaprovenance', ...trust, '--certificate-oidc-issuer', ISSUER];
      const path = join(folder, 'oci', name);
      await agree([...words, '--certificate-identity', identity, path], true);
      await agree([...words, '--certificate-identity', `${identity}x`, path], false);
    }
  });

  test('both print the same payload of an image signature', async () => {
    const path = join(bench.folder, 'saved');
    saveTestImage(path);
    const issuer = 'https://github.com/login/oauth';
    const who = ['--certificate-identity', 'philipp.belitz@securesystems.de', '--certificate-oidc-issuer', issuer];
    const words = ['verify', ...trust, ...who, path];
    const [one, other] = await Promise.all([bench.run(cosign(...words)), bench.run(ours(...words))]);
    const printed = [one, other].map(({ stdout }) => JSON.parse(stdout) as readonly Payload[]);
    const known = printed.map(([payload]) => ({ ...payload?.critical, ...pick(payload?.optional ?? {}) }));
    assert.deepEqual(known[0], known[1]);
    assert.ok(readFileSync(join(path, 'index.json')).length > 0);
  });
});

interface Payload {
  readonly critical: object;
  readonly optional: Readonly<Record<string, unknown>>;
}

function pick({ Issuer, Subject }: Readonly<Record<string, unknown>>): object {
  return { Issuer, Subject };
}

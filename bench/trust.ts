/**
 * Keyless verification of published bundles with everything warm, beside the signature checks that it cannot do without and beside
 * @sigstore/verify (PEER_SIGSTORE_JS); of a saved image from a cold start, and signing with a key from a cold start, beside cosign
 * (PEER_COSIGN3, PEER_COSIGN2). All in one run, as ratios.
 */
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exactly } from '../src/core/index.ts';
import { parseBundle } from '../src/trust/bundles/bundle.ts';
import { verifyBundle } from '../src/trust/bundles/verify-bundle.ts';
import type { BundleRequirement } from '../src/trust/bundles/verify-bundle.ts';
import { parseTrustedRoot } from '../src/trust/roots/trusted-root.ts';
import { saveTestImage } from '../test/conformance/saved-image.ts';
import { openSigstoreJs } from '../test/interop/sigstore-js.ts';
import { dataSet, hasSharedData } from '../test/shared-data.ts';
import { formatTable, measure, measureInTurns } from './measure.ts';
import type { Row } from './measure.ts';
import { createPrograms, plimsoll, type Programs } from './programs.ts';

interface Case {
  readonly case: string;
  readonly artifact: string;
  readonly trustedRoot: string;
  readonly identity: string;
  readonly issuer: string;
}

/** Which signatures a verifier must check: certificate by P-384 CA, SCT, log and file by P-256; a timestamp costs its own. */
const SAMPLES = [
  { name: 'happy-path-v0.3', what: 'a file, bundle 0.3', checks: { p384: 1, p256: 4 } },
  { name: 'happy-path-intoto-in-dsse-v3', what: 'a statement, bundle 0.3', checks: { p384: 1, p256: 4 } },
] as const;

const rows: Row[] = [];

if (!hasSharedData) {
  process.stdout.write('trust: the large data sets are not beside this clone\n');
} else {
  const folder = join(dataSet('sigstore'), 'bundle-verify');
  for (const sample of SAMPLES) await benchBundle(folder, sample);
  await benchCold();
}
await benchSigning();
process.stdout.write(`${formatTable(rows)}\n`);

async function benchBundle(folder: string, sample: (typeof SAMPLES)[number]): Promise<void> {
  const cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as readonly Case[];
  const found = cases.find((entry) => entry.case === sample.name);
  if (found === undefined) throw new Error(`no case ${sample.name}`);
  const text = readFileSync(join(folder, sample.name, 'bundle.sigstore.json'), 'utf8');
  const content = readFileSync(join(folder, found.artifact));
  const root = readFileSync(join(folder, found.trustedRoot), 'utf8');
  const requirement: BundleRequirement = {
    artifact: { kind: 'content', content },
    who: {
      kind: 'identities',
      identities: [{ issuer: exactly(found.issuer), subject: exactly(found.identity) }],
    },
    trustedRoot: parseTrustedRoot(root, 'root'),
    at: new Date(),
  };
  const ours = await measure(() => {
    const { kind } = verifyBundle(parseBundle(text, 'bundle'), requirement);
    if (kind !== 'verified') throw new Error(`${sample.name}: ${kind}`);
  });
  const operation = `verify ${sample.what}, warm`;
  rows.push({ operation, ours, other: 'its ECDSA checks alone', theirs: await measure(bareChecks(sample.checks)) });
  const peer = process.env['PEER_SIGSTORE_JS'];
  if (peer === undefined) return;
  const verifyWithPeer = openSigstoreJs(peer, root);
  const theirs = await measure(() => verifyWithPeer(text, content, found));
  rows.push({ operation, ours, other: '@sigstore/verify', theirs });
}

function bareChecks(counts: { readonly p384: number; readonly p256: number }): () => void {
  const content = Buffer.alloc(1024);
  const check = (curve: 'P-256' | 'P-384', hash: string): (() => void) => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
    const signature = sign(hash, content, privateKey);
    return () => void verify(hash, content, publicKey, signature);
  };
  const [p256, p384] = [check('P-256', 'sha256'), check('P-384', 'sha384')];
  return () => {
    for (let count = 0; count < counts.p384; count += 1) p384();
    for (let count = 0; count < counts.p256; count += 1) p256();
  };
}

/** One saved image, the whole program from its start. */
async function benchCold(): Promise<void> {
  const programs = createPrograms();
  try {
    const path = join(programs.folder, 'saved');
    saveTestImage(path);
    const words = [
      'verify',
      '--local-image',
      '--trusted-root',
      join(dataSet('sigstore'), 'trust/public-good/trusted_root.json'),
      '--certificate-identity',
      'philipp.belitz@securesystems.de',
      '--certificate-oidc-issuer',
      'https://github.com/login/oauth',
      path,
    ];
    await benchProgram(programs, 'verify a saved image, cold', { ours: words, PEER_COSIGN3: words });
  } finally {
    programs.stop();
  }
}

/** With the same key file, which takes as long to open for each, and no service; the whole program from its start. */
async function benchSigning(): Promise<void> {
  const programs = createPrograms();
  try {
    programs.run(plimsoll, ['generate-key-pair']);
    writeFileSync(join(programs.folder, 'file'), Buffer.alloc(1024 * 1024));
    const services = { mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json' };
    writeFileSync(join(programs.folder, 'services.json'), JSON.stringify(services));
    const registry = await programs.serve(['registry', 'serve', '--address', '127.0.0.1:0']);
    const image = `${registry.replace('http://', '')}/bench/app:1`;
    programs.run(plimsoll, ['push', image, 'file']);
    const key = ['--yes', '--key', 'cosign.key'];
    const sign = ['sign', ...key];
    const signBlob = ['sign-blob', ...key, '--bundle', 'bundle.json'];
    const none = ['--signing-config', 'services.json'];
    await benchProgram(programs, 'sign an image with a key, cold', {
      ours: [...sign, image],
      PEER_COSIGN3: [...sign, ...none, image],
    });
    await benchProgram(programs, 'sign a file with a key, cold', {
      ours: [...signBlob, 'file'],
      PEER_COSIGN3: [...signBlob, ...none, 'file'],
      PEER_COSIGN2: [...signBlob, '--tlog-upload=false', 'file'],
    });
  } finally {
    programs.stop();
  }
}

async function benchProgram(
  programs: Programs,
  operation: string,
  { ours: words, ...peers }: Readonly<Record<'ours' | `PEER_${string}`, readonly string[]>>,
): Promise<void> {
  const rounds = { budget: 4000, least: 5 };
  for (const [variable, args] of Object.entries(peers)) {
    const program = process.env[variable];
    if (program === undefined) continue;
    const [ours, theirs] = await measureInTurns(
      [() => programs.run(plimsoll, words), () => programs.run(program, args)],
      rounds,
    );
    if (ours === undefined || theirs === undefined) continue;
    rows.push({ operation, ours, other: variable === 'PEER_COSIGN3' ? 'cosign 3' : 'cosign 2', theirs });
  }
}

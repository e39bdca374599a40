/**
 * The log of a private Sigstore beside the disk: entries acknowledged when a signed checkpoint with them is durable, one at a time and
 * many at once, beside one durable file; and a signature by identity, whole, beside cosign (PEER_COSIGN3) against the same authority.
 */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFiles } from '../src/io/index.ts';
import { TileLog } from '../src/trust/authority/tile-log.ts';
import { importPkcs8, NOTE_KEY_TYPE, noteKeyId } from '../src/trust/crypto/index.ts';
import { formatTable, measure, type Row } from './measure.ts';
import { createPrograms, plimsoll } from './programs.ts';

const AT_ONCE = 512;
const programs = createPrograms();
const rows: Row[] = [];
try {
  await benchLog();
  await benchSigning();
  process.stdout.write(`${formatTable(rows)}\n`);
} finally {
  programs.stop();
}

async function benchLog(): Promise<void> {
  const files = createFiles();
  const { privateKey } = generateKeyPairSync('ed25519');
  const signing = importPkcs8(privateKey.export({ format: 'der', type: 'pkcs8' }), 'key');
  const key = signing.publicKey;
  const name = 'log.example';
  const signer = { name, origin: name, key, keyId: noteKeyId(name, NOTE_KEY_TYPE.ed25519, key), signing };
  const log = await TileLog.open(files, join(programs.folder, 'log'), signer);
  const entry = new Uint8Array(1500);
  let count = 0;
  const durable = await measure(() => files.writeAtomic(join(programs.folder, `file-${(count += 1)}`), entry));
  const one = await measure(() => log.append(entry));
  const many = await measure(() => Promise.all(Array.from({ length: AT_ONCE }, () => log.append(entry))));
  rows.push({ operation: 'log an entry, alone', ours: one, other: 'write a file durably', theirs: durable });
  rows.push({
    operation: `log an entry, ${AT_ONCE} at once (${Math.round((AT_ONCE / many.median) * 1000)} per second)`,
    ours: { median: many.median / AT_ONCE },
    other: 'write a file durably',
    theirs: durable,
  });
}

async function benchSigning(): Promise<void> {
  const cosign = process.env.PEER_COSIGN3;
  const folder = join(programs.folder, 'authority');
  await programs.serve(['authority', 'serve', '--address', '127.0.0.1:0', '--dir', folder, '--try-out']);
  const token = programs.run(plimsoll, ['authority', 'token', '--dir', folder, 'ada@example.com']).trim();
  const path = (name: string) => join(programs.folder, name);
  writeFileSync(path('token'), token);
  writeFileSync(path('blob'), 'content');
  const services = ['--signing-config', join(folder, 'signing_config.v0.2.json'), '--identity-token', path('token')];
  const ours = await measure(() =>
    programs.run(plimsoll, ['sign-blob', ...services, '--bundle', path('ours.json'), path('blob')]),
  );
  if (cosign === undefined) return;
  const trust = ['--trusted-root', join(folder, 'trusted_root.json')];
  const theirs = await measure(() =>
    programs.run(cosign, ['sign-blob', '--yes', ...services, ...trust, '--bundle', path('theirs.json'), path('blob')]),
  );
  rows.push({ operation: 'sign a file by identity, whole process', ours, other: 'cosign 3', theirs });
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../core/index.ts';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { updateTuf, type TufRepository, type TufUpdate } from './client.ts';
import { canonicalJson } from './canonical-json.ts';
import { isDelegated } from './metadata.ts';
import { PUBLIC_ROOT } from './public-root.ts';
import { AT, createTestRepository, days, newKey, readRepository, resign, sourceOf } from './testing.ts';

interface Case {
  readonly case: string;
  readonly refreshes: readonly {
    readonly repository: string;
    readonly expect: 'pass' | 'fail';
    readonly referenceError: string | null;
  }[];
  readonly target?: { readonly path: string; readonly expect: 'pass' | 'fail'; readonly referenceError: string | null };
}

/** What the reference said, and what must be said here. */
const REASONS: readonly (readonly [RegExp, RegExp])[] = [
  [/was signed by|multiple signatures/, /expected signatures by \d+ keys, found \d/],
  [/BadVersionError: Expected version|does not match|doesn't match/, /expected version \d+, found \d+/],
  [/expired/, /found it expired on/],
  [/is less than/, /expected version \d+ or newer, found \d+/],
  [/Missing file|reading 'length'/, /snapshot\.json: expected .*\.json.*found nothing/],
  [/Expected hash/, /expected sha256 [0-9a-f]{64}, found/],
  [/expected 'timestamp'/, /expected timestamp metadata, found snapshot/],
  [/Max length/, /expected \d+ bytes, found \d+/],
];

function reasonOf(referenceError: string | null): RegExp {
  const found = REASONS.find(([theirs]) => theirs.test(referenceError ?? ''))?.[1];
  assert.ok(found, `no reason for ${referenceError}`);
  return found;
}

const refusal = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof AppError && ['untrusted-root', 'invalid-input'].includes(error.kind), String(error));
  assert.match(error.message, message);
  return true;
};

function folderFiles(folder: string): Map<string, Uint8Array> {
  return new Map([...readRepository(folder)].map(([path, bytes]) => [path.replace(/^metadata\//, ''), bytes]));
}

test(
  'all client scenarios of the data set end as the reference client ends, and for the same reason',
  needsSharedData,
  async () => {
    const scenarios = join(dataSet('tuf'), 'scenarios');
    const cases = JSON.parse(readFileSync(join(scenarios, 'cases.json'), 'utf8')) as readonly Case[];
    assert.equal(cases.length, 43);
    for (const scenario of cases) {
      let trusted: Uint8Array = readFileSync(join(scenarios, scenario.case, 'trusted-root.json'));
      let previous: ReadonlyMap<string, Uint8Array> = new Map();
      let last: TufRepository | undefined;
      for (const { repository, expect, referenceError } of scenario.refreshes) {
        const source = sourceOf(folderFiles(join(scenarios, scenario.case, repository)));
        const updated = updateTuf({ trusted, previous, source, at: AT });
        if (expect === 'fail') await assert.rejects(updated, refusal(reasonOf(referenceError)), scenario.case);
        else ({ root: trusted, files: previous } = last = await updated);
      }
      const { target } = scenario;
      if (target === undefined || last === undefined) continue;
      const found = last.findTarget(target.path);
      if (target.expect === 'pass') assert.ok(await found, scenario.case);
      else if (target.referenceError === 'not found') assert.equal(await found, undefined, scenario.case);
      else await assert.rejects(found, refusal(reasonOf(target.referenceError)), scenario.case);
    }
  },
);

for (const name of ['sigstore-root-signing', 'tuf-on-ci-0.11']) {
  test(
    `the real repository ${name} verifies at its time, and what was kept does so alone`,
    needsSharedData,
    async () => {
      const folder = join(dataSet('tuf'), 'static', name);
      const read = (file: string): string => readFileSync(join(folder, file), 'utf8').trim();
      const at = new Date(read('faketime').replace(' ', 'T'));
      const trusted = readFileSync(join(folder, 'initial_root.json'));
      const updated = await updateTuf({ trusted, source: sourceOf(folderFiles(folder)), at });
      const content = await updated.findTarget(read('targetpath'));
      assert.ok(content);
      const alone = await updateTuf({ trusted, source: sourceOf(updated.files), at });
      assert.deepEqual(await alone.findTarget(read('targetpath')), content);
      const late = { trusted, source: sourceOf(updated.files), at: new Date('2999-01-01T00:00:00Z') };
      await assert.rejects(updateTuf(late), refusal(/expired on/));
      const reported = await updateTuf({ ...late, allowsExpired: true });
      assert.ok(reported.roles().every(({ expires }) => expires < late.at));
    },
  );
}

test('the whole chain of roots of the public instance verifies from the first', needsSharedData, async () => {
  const history = readRepository(join(dataSet('sigstore'), 'trust/public-good/tuf/root_history'));
  const kept: Uint8Array[] = [];
  const trusted = history.get('1.root.json') ?? new Uint8Array();
  const at = new Date('2026-08-22T00:00:00Z');
  const onRoot = async (root: Uint8Array): Promise<void> => void kept.push(root);
  await assert.rejects(
    updateTuf({ trusted, source: sourceOf(history), at, onRoot }),
    refusal(/timestamp\.json: expected it in the repository/),
  );
  assert.deepEqual(kept, [history.get('15.root.json')]);
});

test('the root that comes along leads to the trust material of the public instance', needsSharedData, async () => {
  const copy = readRepository(join(dataSet('sigstore'), 'trust/public-good/tuf'));
  const versionOf = (path: string): number => {
    const { signed } = JSON.parse(Buffer.from(copy.get(path) ?? []).toString()) as { signed: { version: number } };
    return signed.version;
  };
  const files = new Map([['timestamp.json', copy.get('timestamp.json') ?? new Uint8Array()]]);
  for (const role of ['snapshot', 'targets'])
    files.set(`${versionOf(`${role}.json`)}.${role}.json`, copy.get(`${role}.json`) ?? new Uint8Array());
  const material = copy.get('targets/trusted_root.json') ?? new Uint8Array();
  files.set(`targets/${createHash('sha256').update(material).digest('hex')}.trusted_root.json`, material);
  const at = new Date('2026-08-22T00:00:00Z');
  const updated = await updateTuf({ trusted: Buffer.from(PUBLIC_ROOT), source: sourceOf(files), at });
  assert.deepEqual(await updated.findTarget('trusted_root.json'), material);
});

/** A repository, the root that clients know, and their first update. */
async function start() {
  const made = await createTestRepository();
  const files = readRepository(made.folder.folder);
  const trusted = files.get('1.root.json') ?? new Uint8Array();
  const update = async (changes: Partial<TufUpdate> = {}) =>
    await updateTuf({ trusted, source: sourceOf(files), at: AT, ...changes });
  return { ...made, files, trusted, update, first: await update() };
}

test('a repository of ours verifies, and its target is found', async () => {
  const { update } = await start();
  const repository = await update();
  assert.deepEqual(repository.targets, ['app.txt']);
  assert.equal(Buffer.from((await repository.findTarget('app.txt')) ?? []).toString(), 'hello');
  assert.equal(await repository.findTarget('constructor'), undefined);
});

test('an unchanged repository is asked for nothing but the next root and the timestamp', async () => {
  const { update, first, files } = await start();
  await first.findTarget('app.txt');
  const asked: string[] = [];
  const again = await update({
    previous: first.files,
    source: async (path) => {
      asked.push(path);
      return files.get(path);
    },
  });
  assert.ok(await again.findTarget('app.txt'));
  assert.deepEqual(asked, ['2.root.json', 'timestamp.json']);
});

test('a frozen repository is refused when its timestamp has expired', async () => {
  const { update, first } = await start();
  await update({ previous: first.files, at: days(6) });
  await assert.rejects(update({ previous: first.files, at: days(7) }), refusal(/timestamp\.json: .*expired/));
});

test('a rolled back timestamp, snapshot or list of targets is refused', async () => {
  const { folder, online, offline, files: old, trusted } = await start();
  await folder.change([{ name: 'b.txt', content: Buffer.from('b') }], [], AT);
  await folder.sign(offline);
  await folder.publish([online], AT);
  const files = readRepository(folder.folder);
  const { files: previous } = await updateTuf({ trusted, source: sourceOf(files), at: AT });
  await assert.rejects(
    updateTuf({ trusted, previous, source: sourceOf(old), at: AT }),
    refusal(/timestamp\.json: expected version 2 or newer, found 1/),
  );
  const snapshotBack = new Map(files);
  await resign(snapshotBack, 'timestamp.json', {
    signed: { version: 3, meta: { 'snapshot.json': { version: 1 } } },
    by: [online],
  });
  await assert.rejects(
    updateTuf({ trusted, previous, source: sourceOf(snapshotBack), at: AT }),
    refusal(/snapshot\.json: expected version 2 or newer, found 1/),
  );
  const targetsBack = new Map(files);
  targetsBack.set('3.snapshot.json', files.get('2.snapshot.json') ?? new Uint8Array());
  await resign(targetsBack, '3.snapshot.json', {
    signed: { version: 3, meta: { 'targets.json': { version: 1 } } },
    by: [online],
  });
  await resign(targetsBack, 'timestamp.json', {
    signed: { version: 3, meta: { 'snapshot.json': { version: 3 } } },
    by: [online],
  });
  await assert.rejects(
    updateTuf({ trusted, previous, source: sourceOf(targetsBack), at: AT }),
    refusal(/targets\.json: expected version 2 or newer, found 1/),
  );
});

test('a snapshot of another moment than the timestamp names is refused', async () => {
  const { files, online, update } = await start();
  await resign(files, '1.snapshot.json', { signed: { version: 2 }, by: [online] });
  await assert.rejects(update(), refusal(/1\.snapshot\.json: expected (?:\d+ bytes|sha256)/));
});

test('metadata changed after it was signed is refused, whichever role', async () => {
  for (const path of ['timestamp.json', '1.snapshot.json', '1.targets.json']) {
    const { files, update } = await start();
    const changed = Buffer.from(files.get(path) ?? [])
      .toString()
      .replace(/"20\d\d-/, '"2099-');
    files.set(path, Buffer.from(changed));
    await assert.rejects(update(), refusal(/expected (?:signatures by 1 keys, found 0|sha256)/), path);
  }
});

test('a replaced target is refused, one that is longer than listed, too', async () => {
  for (const content of ['jello', 'hello and more']) {
    const { files, update } = await start();
    const path = [...files.keys()].find((name) => name.endsWith('.app.txt')) ?? '';
    files.set(path, Buffer.from(content));
    const repository = await update();
    await assert.rejects(repository.findTarget('app.txt'), refusal(/expected (?:sha256|5 bytes)/));
  }
});

test('a new root counts only if the old and the new keys signed it, and as the very next version', async () => {
  const { folder, offline, online, trusted } = await start();
  const next = newKey('ed25519');
  await folder.rotate({ role: 'root', add: [next.publicKey], remove: [], threshold: 2 }, AT);
  await folder.sign(offline);
  await folder.sign(next);
  await folder.publish([online], AT);
  const files = readRepository(folder.folder);
  const update = async (): Promise<TufRepository> => await updateTuf({ trusted, source: sourceOf(files), at: AT });
  assert.equal((await update()).roles().find(({ role }) => role === 'root')?.version, 2);
  for (const by of [[offline], [next], [offline, offline]]) {
    await resign(files, '2.root.json', { by });
    await assert.rejects(update(), refusal(/2\.root\.json, by .*: expected signatures by/));
  }
  await resign(files, '2.root.json', { signed: { version: 3 }, by: [offline, next] });
  await assert.rejects(update(), refusal(/2\.root\.json: expected version 2, found 3/));
});

test('one key under two names counts once toward a threshold', async () => {
  const { files, online, offline } = await start();
  const key = (public_: string, scheme: string) => ({ keytype: scheme, scheme, keyval: { public: public_ } });
  const raw = Buffer.from(online.publicKey.spki).toString('hex').slice(-64);
  const keys = {
    root: key(pemOf(offline), 'ecdsa-sha2-nistp256'),
    one: key(raw, 'ed25519'),
    other: key(raw, 'ed25519'),
  };
  const rule = (threshold: number, ...keyids: string[]) => ({ keyids, threshold });
  const trustedWith = async (threshold: number): Promise<Uint8Array> => {
    const roles = { root: rule(1, 'root'), targets: rule(1, 'root'), snapshot: rule(1, 'one') };
    const signed = { keys, roles: { ...roles, timestamp: rule(threshold, 'one', 'other') } };
    await resign(files, '1.root.json', { signed, by: [offline] });
    rename(files, '1.root.json', ['root']);
    return files.get('1.root.json') ?? new Uint8Array();
  };
  await resign(files, 'timestamp.json', { by: [online, online] });
  rename(files, 'timestamp.json', ['one', 'other']);
  rename(files, '1.snapshot.json', ['one']);
  const source = sourceOf(files);
  const refused = updateTuf({ trusted: await trustedWith(2), source, at: AT });
  await assert.rejects(refused, refusal(/timestamp\.json: expected signatures by 2 keys, found 1/));
  const reached = updateTuf({ trusted: await trustedWith(1), source, at: AT });
  await assert.rejects(reached, refusal(/1\.snapshot\.json/), 'with one the timestamp is good');
});

function pemOf(key: ReturnType<typeof newKey>): string {
  return `-----BEGIN PUBLIC KEY-----\n${Buffer.from(key.publicKey.spki).toString('base64')}\n-----END PUBLIC KEY-----\n`;
}

/** Gives the signatures other names. */
function rename(files: Map<string, Uint8Array>, path: string, keyids: readonly string[]): void {
  const file = JSON.parse(Buffer.from(files.get(path) ?? []).toString()) as { signatures: { keyid: string }[] };
  file.signatures.forEach((entry, index) => (entry.keyid = keyids[index] ?? entry.keyid));
  files.set(path, Buffer.from(JSON.stringify(file)));
}

test('a root that its own keys did not sign is no beginning', async () => {
  const { files, update } = await start();
  await resign(files, '1.root.json', { by: [newKey()] });
  const trusted = files.get('1.root.json') ?? new Uint8Array();
  await assert.rejects(update({ trusted }), refusal(/trusted root: expected signatures by 1 keys, found 0/));
});

test('another timestamp of the same version changes nothing', async () => {
  const { files, online, update, first } = await start();
  await resign(files, 'timestamp.json', { signed: { expires: '2039-01-01T00:00:00Z' }, by: [online] });
  const again = await update({ previous: first.files });
  assert.deepEqual(again.roles(), first.roles());
});

interface DelegatedRole {
  readonly name: string;
  readonly to?: readonly (readonly [name: string, terminating: boolean])[];
  readonly targets?: Readonly<Record<string, unknown>>;
}

/** A repository whose roles delegate everything under `a/` to each other; the first is the top one. */
async function startDelegating(roles: readonly DelegatedRole[]) {
  const { files, online, offline, update } = await start();
  const keys = { offline: { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', keyval: { public: pemOf(offline) } } };
  const header = { _type: 'targets', spec_version: '1.0.31', version: 1, expires: '2039-01-01T00:00:00Z' };
  for (const { name, to = [], targets = {} } of roles) {
    const path = `1.${name}.json`;
    const rule = { keyids: ['offline'], threshold: 1, paths: ['a/*'] };
    const delegated = to.map(([role, terminating]) => ({ ...rule, name: role, terminating }));
    files.set(path, Buffer.from('{"signed":{}}'));
    await resign(files, path, {
      signed: { ...header, targets, delegations: { keys, roles: delegated } },
      by: [offline],
    });
    if (name !== 'targets') rename(files, path, ['offline']);
  }
  const meta = Object.fromEntries(roles.map(({ name }) => [`${name}.json`, { version: 1 }]));
  await resign(files, '1.snapshot.json', { signed: { meta }, by: [online] });
  await resign(files, 'timestamp.json', { signed: { meta: { 'snapshot.json': { version: 1 } } }, by: [online] });
  return await update();
}

const LISTED = { 'a/b': { length: 1, hashes: { sha256: '0'.repeat(64) } } };

test('a terminating role ends the search, also for roles that wait behind its delegator', async () => {
  const roles = (terminating: boolean): readonly DelegatedRole[] => [
    {
      name: 'targets',
      to: [
        ['one', false],
        ['two', false],
      ],
    },
    { name: 'one', to: [['three', terminating]] },
    { name: 'two', targets: LISTED },
    { name: 'three' },
  ];
  assert.equal(await (await startDelegating(roles(true))).findTarget('a/b'), undefined);
  const open = await startDelegating(roles(false));
  await assert.rejects(open.findTarget('a/b'), refusal(/targets\/a\/0{64}\.b: expected it in the repository/));
});

test('roles that delegate in a circle, or to ever more roles, are not followed for ever', async () => {
  const circle = [
    { name: 'targets', to: [['one', false]] as const },
    {
      name: 'one',
      to: [
        ['one', false],
        ['targets', false],
      ] as const,
    },
  ];
  assert.equal(await (await startDelegating(circle)).findTarget('a/b'), undefined);
  const chain = Array.from({ length: 40 }, (_, index) => ({
    name: index === 0 ? 'targets' : `r${index}`,
    to: [[`r${index + 1}`, false]] as const,
  }));
  await assert.rejects((await startDelegating(chain)).findTarget('a/b'), refusal(/expected at most 32 roles/));
});

test('targets without a hash of a known kind, or too large to be trust material, are refused', async () => {
  const find = async (file: unknown): Promise<unknown> =>
    await (await startDelegating([{ name: 'targets', targets: { 'a/b': file } }])).findTarget('a/b');
  await assert.rejects(find({ length: 1, hashes: { md5: '00' } }), refusal(/expected a sha256 or sha512 hash/));
  await assert.rejects(
    find({ length: 2 ** 25, hashes: { sha256: '0'.repeat(64) } }),
    refusal(/expected at most 16777216 bytes/),
  );
});

test('an endless chain of roots ends', async () => {
  const { files, offline, update } = await start();
  const source: TufUpdate['source'] = async (path) => {
    const version = Number(/^(\d+)\.root\.json$/.exec(path)?.[1]);
    if (Number.isNaN(version)) return files.get(path);
    const copy = new Map([['root', files.get('1.root.json') ?? new Uint8Array()]]);
    await resign(copy, 'root', { signed: { version }, by: [offline] });
    return copy.get('root');
  };
  await assert.rejects(update({ source }), refusal(/expected at most 256 newer roots/));
});

test('a newer root is kept before anything else can fail, without what its keys no longer sign', async () => {
  const { folder, offline, online, trusted, first } = await start();
  const next = newKey();
  const kept: ReadonlyMap<string, Uint8Array>[] = [];
  const removed = (await folder.read()).root?.content.roles.timestamp.keyids ?? [];
  await folder.rotate({ role: 'timestamp', add: [next.publicKey], remove: removed }, AT);
  await folder.sign(offline);
  await folder.publish([online, next], AT);
  const files = readRepository(folder.folder);
  files.delete('timestamp.json');
  const onRoot = async (_: Uint8Array, remaining: ReadonlyMap<string, Uint8Array>): Promise<void> =>
    void kept.push(remaining);
  await assert.rejects(
    updateTuf({ trusted, previous: first.files, source: sourceOf(files), at: AT, onRoot }),
    refusal(/timestamp\.json/),
  );
  assert.deepEqual([...(kept[0]?.keys() ?? [])].toSorted(), ['1.root.json', '1.targets.json', '2.root.json']);
});

test('one byte changed anywhere ends in a refusal or in the very same target', async () => {
  const { files, trusted } = await start();
  const paths = [...files.keys()].filter((path) => path !== '1.root.json');
  const change = fc.tuple(fc.constantFrom(...paths), fc.nat(), fc.integer({ min: 1, max: 255 }));
  await fc.assert(
    fc.asyncProperty(change, async ([path, place, flip]) => {
      const bytes = Uint8Array.from(files.get(path) ?? []);
      const index = place % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ flip;
      const changed = new Map([...files, [path, bytes]]);
      try {
        const repository = await updateTuf({ trusted, source: sourceOf(changed), at: AT });
        assert.equal(Buffer.from((await repository.findTarget('app.txt')) ?? []).toString(), 'hello');
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        assert.ok(['untrusted-root', 'invalid-input'].includes(error.kind), error.message);
      }
    }),
    { numRuns: 300 },
  );
});

test('the canonical form sorts, escapes two characters and refuses fractions', () => {
  assert.equal(canonicalJson({ b: [1, true, null], a: 'x"\\\n' }), '{"a":"x\\"\\\\\n","b":[1,true,null]}');
  assert.throws(() => canonicalJson({ a: 1.5 }), refusalSync(/whole numbers/));
  let deep: unknown = 'end';
  for (let level = 0; level < 100; level += 1) deep = [deep];
  assert.throws(() => canonicalJson(deep), refusalSync(/levels/));
});

function refusalSync(message: RegExp) {
  return (error: unknown): boolean =>
    error instanceof AppError && error.kind === 'invalid-input' && message.test(error.message);
}

test('patterns of delegations never cross a slash, and none is slow', () => {
  const is = (pattern: string, target: string): boolean =>
    isDelegated(
      { name: 'a', keyids: [], threshold: 1, terminating: false, paths: [pattern], path_hash_prefixes: undefined },
      target,
    );
  assert.ok(is('a/*', 'a/b') && is('a/?.txt', 'a/b.txt') && is('*a*b', 'xxaxb') && is('**', 'ab'));
  assert.ok(!is('*', 'a/b') && !is('a/?', 'a/bc') && !is('*a', 'ab') && !is('{a,b}', 'a'));
  const begin = performance.now();
  assert.ok(!is('*a'.repeat(100), 'a'.repeat(5000) + 'b'));
  assert.ok(performance.now() - begin < 1000);
});

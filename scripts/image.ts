/**
 * `npm run image -- TARGET [BASE]`: the program as a container image for this machine's processor, without shell or package manager,
 * running as user 65532. TARGET is a reference to push to or `oci:FOLDER`. It lies on BASE (an image with glibc and libstdc++, such as a
 * distroless `cc`), or without one on the few packages of Debian that Node needs, which apt downloads and verifies; that works on Debian alone.
 * The same commit, packages and Node give the same digest: times are those of SOURCE_DATE_EPOCH, of the commit when absent.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { root } from './run.ts';

/** What Node links, what these depend on, and what says which system it is. */
const PACKAGES = ['base-files', 'libc6', 'gcc-12-base', 'libgcc-s1', 'libstdc++6', 'libatomic1'];
/** Documentation but the licences, translations, and what only programs of Debian read. */
const LEFT_OUT =
  /^(?:usr\/share\/(?!doc\/|common-licenses\/)|usr\/share\/doc\/[^/]+\/(?!copyright$)|usr\/lib\/[^/]+\/gconv\/|etc\/(?!debian_version$|os-release$|issue))/;
const USER = '65532';
const HOME = 'opt/plimsoll';

const work = mkdtempSync(join(tmpdir(), 'plimsoll-image-'));

/** What the program printed; an end in failure ends the script. */
function run(program: string, args: readonly string[], folder = root): string {
  const result = spawnSync(program, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (result.error !== undefined) throw new Error(`${program}: ${result.error.message}`);
  if (result.status !== 0)
    throw new Error(`${program} ${args.join(' ')}: expected an end in peace, found exit ${result.status}`);
  return result.stdout;
}

const PLIMSOLL = join(root, 'bin/plimsoll');
const plimsoll = (...args: readonly string[]) => run(PLIMSOLL, args).trim();

/** A folder as a tar that is the same wherever and whenever it is made. */
function makeTar(folder: string, name: string): string {
  const file = join(work, `${name}.tar`);
  const same = [
    '--sort=name',
    `--mtime=@${process.env.SOURCE_DATE_EPOCH}`,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
  ];
  run('tar', [...same, '--format=gnu', '-C', folder, '-cf', file, '.']);
  return file;
}

/** Packages unpacked, each with its entry among status.d, where scanners of images without dpkg look. */
function unpackDebian(): string {
  const [folder, downloads] = [join(work, 'debian'), join(work, 'downloads')];
  const statuses = join(folder, 'var/lib/dpkg/status.d');
  mkdirSync(downloads);
  mkdirSync(statuses, { recursive: true });
  const download = ['-q', '-o', 'APT::Sandbox::User=root', 'download', ...PACKAGES];
  if (spawnSync('apt-get', download, { cwd: downloads, stdio: 'ignore' }).status !== 0) {
    // on a machine that has no lists of packages yet, or old ones
    run('apt-get', ['-q', 'update']);
    run('apt-get', download, downloads);
  }
  for (const file of readdirSync(downloads)) {
    const path = join(downloads, file);
    run('dpkg-deb', ['-x', path, folder]);
    const name = run('dpkg-deb', ['-f', path, 'Package']).trim();
    const control = join(work, `control-${name}`);
    run('dpkg-deb', ['-e', path, control]);
    writeFileSync(join(statuses, name), readFileSync(join(control, 'control')));
    if (existsSync(join(control, 'md5sums'))) cpSync(join(control, 'md5sums'), join(statuses, `${name}.md5sums`));
  }
  for (const { parentPath, name } of readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => !entry.isDirectory(),
  )) {
    const path = join(parentPath, name);
    if (LEFT_OUT.test(path.slice(folder.length + 1))) rmSync(path, { force: true });
  }
  return folder;
}

/** Who it runs as, and where it may write. */
function makeUser(folder: string): void {
  mkdirSync(join(folder, 'etc'), { recursive: true });
  writeFileSync(
    join(folder, 'etc/passwd'),
    `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${USER}:${USER}:nonroot:/home/nonroot:/sbin/nologin\n`,
  );
  writeFileSync(join(folder, 'etc/group'), `root:x:0:\nnonroot:x:${USER}:\n`);
  writeFileSync(join(folder, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  chmodSync(join(folder, 'tmp'), 0o1777);
}

/** The program as it is installed, with the SBOM of what is bundled in it: no scanner sees that in the bundle itself. */
function placeProgram(folder: string): void {
  const home = join(folder, HOME);
  mkdirSync(home, { recursive: true });
  run(process.execPath, [join(root, 'scripts/build.ts'), join(home, 'dist')]);
  for (const name of ['LICENSE', 'node_modules/libxml2-wasm'])
    cpSync(join(root, name), join(home, name), { recursive: true });
  const sources = join(work, 'plimsoll');
  mkdirSync(sources);
  const lock = readJson('package-lock.json');
  const known = Object.entries(lock.packages as Record<string, Json>);
  const bundled = known.filter(([, { dev, devOptional }]) => !dev && !devOptional);
  const packages = Object.fromEntries(bundled.map(([path, entry]) => [path, withoutDevelopment(entry)]));
  writeFileSync(join(sources, 'package.json'), JSON.stringify(withoutDevelopment(readJson('package.json'))));
  writeFileSync(join(sources, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
  // by a name that is the same each time
  run(PLIMSOLL, ['sbom', 'dir:plimsoll', '-o', `cyclonedx-json=${join(home, 'plimsoll.cdx.json')}`], work);
}

const withoutDevelopment = (project: Json): Json => ({ ...project, devDependencies: undefined });
type Json = Record<string, unknown>;
const readJson = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8')) as Json;

function placeNode(folder: string): void {
  const home = join(folder, HOME);
  mkdirSync(home, { recursive: true });
  cpSync(process.execPath, join(home, 'node'));
  chmodSync(join(home, 'node'), 0o755);
}

/** The bounds of memory that bin/plimsoll gives the server, which is what the image is for. */
function serverMemory(): { readonly flags: readonly string[]; readonly environment: readonly string[] } {
  const launcher = readFileSync(join(root, 'bin/plimsoll'), 'utf8');
  const flags = /^\s*heap='(--[^']+)'$/m.exec(launcher)?.[1];
  const settings = [...launcher.matchAll(/\b(MALLOC_\w+)="\$\{\1-(\d+)\}"/g)];
  if (flags === undefined || settings.length === 0)
    throw new Error("bin/plimsoll: expected heap='FLAGS' and settings of malloc for `serve`");
  return { flags: flags.split(' '), environment: settings.map(([, name, value]) => `${name}=${value}`) };
}

/** What `append` and `mutate` print. */
function makeImage(target: string, base: string | undefined): string {
  const bottom = base === undefined ? unpackDebian() : join(work, 'base');
  const [node, program] = [join(work, 'node'), join(work, 'program')];
  makeUser(bottom);
  placeNode(node);
  placeProgram(program);
  const layers = [makeTar(bottom, 'base'), makeTar(node, 'node'), makeTar(program, 'program')];
  const platform = ['--platform', `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`];
  const parts = `oci:${join(work, 'parts')}`;
  const under = base === undefined ? [] : ['-b', base];
  plimsoll('append', ...under, ...layers.flatMap((layer) => ['-f', layer]), '-o', parts, ...platform);
  const folder = /^oci:(.+)$/.exec(target)?.[1];
  const to = folder === undefined ? ['-t', target] : ['-o', `oci:${resolve(process.env.INIT_CWD ?? '.', folder)}`];
  return plimsoll('mutate', parts, ...to, ...configuration(), ...labels());
}

function configuration(): readonly string[] {
  const { flags, environment } = serverMemory();
  const entry = [`/${HOME}/node`, '--disable-warning=ExperimentalWarning', ...flags, `/${HOME}/dist/main.cjs`];
  const variables = [...environment, 'HOME=/tmp'].flatMap((variable) => ['--env', variable]);
  return ['--entrypoint', entry.join(','), '--user', `${USER}:${USER}`, '--workdir', '/', ...variables];
}

function labels(): readonly string[] {
  const { version, license: licenses, description } = readJson('package.json');
  const revision = run('git', ['rev-parse', 'HEAD']).trim();
  const said = Object.entries({ title: 'plimsoll', description, version, licenses, revision });
  return said.flatMap(([key, value]) => ['--label', `org.opencontainers.image.${key}=${String(value)}`]);
}

const [target, base, ...others] = process.argv.slice(2);
if (target === undefined || others.length > 0) {
  process.stderr.write(
    'usage: npm run image -- TARGET [BASE]; TARGET is a reference to push to or oci:FOLDER, BASE an image to lie on\n',
  );
  process.exitCode = 2;
} else {
  process.env.SOURCE_DATE_EPOCH ??= run('git', ['log', '-1', '--format=%ct']).trim();
  try {
    process.stdout.write(`${makeImage(target, base)}\n`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** One path that each cataloger of this family chooses, with content that it understands. */
import { zstdCompressSync } from 'node:zlib';
import { ndbFile, rpmHeader } from './rpm/testing.ts';

export const WALL = [
  '{"jsonwall":"1.0","schema":"1.0","count":3}',
  '{"kind":"content","slice":"base-files_bin","path":"/usr/bin/tool"}',
  '{"kind":"package","name":"base-files","version":"13ubuntu10.2","arch":"amd64"}',
].join('\n');

const PLIST = `<plist><dict><key>CFBundleName</key><string>Slack</string>
<key>CFBundleShortVersionString</key><string>4.50</string></dict></plist>`;

export const OS_FIXTURES: Readonly<Record<string, readonly [path: string, content: string | Uint8Array]>> = {
  rpm: ['var/lib/rpm/Packages.db', ndbFile([rpmHeader({ 1000: 'zlib', 1001: '1.2', 1002: '3' })])],
  alpm: ['var/lib/pacman/local/gmp-6-2/desc', '%NAME%\ngmp\n\n%VERSION%\n6-2\n\n%LICENSE%\nGPL3\nLGPL3\n'],
  portage: ['var/db/pkg/app-containers/skopeo-1.5.1/CONTENTS', 'dir /usr\nobj /usr/bin/skopeo 376c02bd 1649284374\n'],
  chisel: ['var/lib/chisel/manifest.wall', zstdCompressSync(WALL)],
  cos: ['etc/cos-package-info.json', '{"installedPackages":[{"name":"zlib","version":"17162.336.17"}]}'],
  nix: [
    'nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-glibc-2.34-210-bin/lib/glibc.so',
    'what is inside does not matter to it',
  ],
  snap: ['snap/core/17200/meta/snap.yaml', 'name: core\nversion: 16-2.61\narchitectures: [amd64]\n'],
  flatpak: [
    'var/lib/flatpak/app/org.gimp.GIMP/x86_64/stable/0/export/share/metainfo/a.metainfo.xml',
    '<component><id>org.gimp.GIMP</id><releases><release version="2.10.38"/></releases></component>',
  ],
  homebrew: ['usr/local/Cellar/rclone/1.67.0/INSTALL_RECEIPT.json', '{"runtime_dependencies":[]}'],
  apple: ['Applications/Slack.app/Contents/Info.plist', PLIST],
  spack: ['opt/spack/zlib/.spack/spec.json', '{"spec":{"nodes":[{"name":"zlib","version":"1.3","hash":"a"}]}}'],
  bitnami: ['opt/bitnami/.bitnami_components.json', '{"gosu":{"arch":"amd64","version":"1.14.0-1"}}'],
};

/** Of catalogers of languages: one path that each chooses, with content that it understands. */
import { createGguf, createSafetensors } from './models/testing.ts';
import { createDotnetBundle, createPe } from './dotnet/testing.ts';

type Fixtures = Readonly<Record<string, readonly [path: string, content: string | Uint8Array]>>;

const DEPS_JSON = JSON.stringify({
  runtimeTarget: { name: 'net8' },
  targets: { net8: { 'Serilog/2.10.0': { runtime: { 'lib/net6.0/Serilog.dll': {} } } } },
  libraries: { 'Serilog/2.10.0': { type: 'package', sha512: '' } },
});

export const LANGUAGE_FIXTURES: Fixtures = {
  'dotnet-deps': ['app/tool.deps.json', DEPS_JSON],
  'dotnet-bundle': ['usr/bin/tool', createDotnetBundle(DEPS_JSON, 6)],
  'dotnet-assembly': [
    'app/tool.dll',
    createPe({
      strings: { FileVersion: '1.2.3.0', ProductVersion: '1.2.3', OriginalFilename: 'tool.dll' },
      assembly: { name: 'tool', references: { 'System.Runtime': '9.0.0.0' } },
    }),
  ],
  'nuget-lock': [
    'app/packages.lock.json',
    '{"dependencies":{"net8.0":{"Serilog":{"type":"Direct","resolved":"2.10.0","contentHash":"AAAA"}}}}',
  ],
  'dotnet-project-assets': ['app/obj/project.assets.json', '{"libraries":{"Serilog/2.10.0":{"type":"package"}}}'],
  'paket-lock': [
    'app/paket.lock',
    'NUGET\n  remote: https://example.com\n    Serilog (2.10.0)\n      Other (>= 1.0)\n',
  ],
  'nuget-packages-config': ['app/packages.config', '<packages><package id="Serilog" version="2.10.0"/></packages>'],
  'nuget-project': [
    'app/app.csproj',
    '<Project><ItemGroup><PackageReference Include="Serilog" Version="2.10.0"/></ItemGroup></Project>',
  ],
  'conan-info': [
    `root/.conan/data/zlib/1.3/_/_/package/${'0'.repeat(40)}/conaninfo.txt`,
    '[requires]\n    x/1.Y.Z\n[full_requires]\n    bzip2/1.0.8:1234\n',
  ],
  'vcpkg-installed': [
    'vcpkg_installed/vcpkg/status',
    'Package: zlib\nVersion: 1.3.1\nPort-Version: 2\nArchitecture: x64-linux\nStatus: install ok installed\n',
  ],
  'conan-lock': ['app/conan.lock', '{"version":"0.5","requires":["zlib/1.2.13#13c9%1667396813.733"]}'],
  'conan-file': ['app/conanfile.txt', '[requires]\nzlib/1.2.13\n[tool_requires]\nninja/1.11.1@me/stable\n'],
  'vcpkg-manifest': [
    'app/vcpkg.json',
    '{"dependencies":["fmt",{"name":"zlib"}],"overrides":[{"name":"zlib","version":"1.3.1"}]}',
  ],
  'gem-installed': [
    'usr/lib/ruby/gems/3.2.0/specifications/rake-13.0.3.gemspec',
    'Gem::Specification.new do |s|\n  s.name = "rake".freeze\n  s.version = "13.0.3"\n  s.add_dependency(%q<a>.freeze)\nend\n',
  ],
  'gemfile-lock': [
    'app/Gemfile.lock',
    'GEM\n  remote: https://rubygems.org/\n  specs:\n    ast (2.4.2)\n      rake (~> 1)\n\nCHECKSUMS\n  ast (2.4.2) sha256=00\n',
  ],
  'gem-project': [
    'app/tool.gemspec',
    "VERSION = '3.0.0'\nGem::Specification.new do |spec|\n  spec.name = 'tool'\n  spec.version = VERSION\nend\n",
  ],
  'julia-manifest': [
    'app/Manifest.toml',
    'manifest_format = "2.0"\n[[deps.JSON]]\ndeps = ["TOML"]\nuuid = "682c"\nversion = "0.21.4"\n[[deps.TOML]]\nuuid = "fa26"\nversion = "1.0.3"\n',
  ],
  'julia-project': ['app/Project.toml', 'name = "App"\nuuid = "1c65"\nversion = "0.1.0"\n'],
  'pub-lock': [
    'app/pubspec.lock',
    'packages:\n  crypto:\n    dependency: "direct main"\n    source: hosted\n    version: "3.0.3"\n',
  ],
  'pub-package': ['app/pubspec.yaml', 'name: app\nversion: 2.4.8\n'],
  'composer-installed': ['app/vendor/composer/installed.json', '{"packages":[{"name":"psr/log","version":"v1.0.2"}]}'],
  'composer-lock': [
    'app/composer.lock',
    '{"packages":[{"name":"psr/log","version":"1.1.4","require":{"php":"*"}}],"packages-dev":[]}',
  ],
  pear: [
    'usr/share/php/.registry/.channel.pecl.php.net/memcached.reg',
    'a:2:{s:4:"name";s:9:"memcached";s:7:"version";a:1:{s:7:"release";s:5:"3.2.0";}}',
  ],
  'wordpress-plugin': [
    'var/www/wp-content/plugins/akismet/akismet.php',
    '<?php\n/*\n * Plugin Name: Akismet\n * Version: 5.3\n * License: GPLv2\n */\n',
  ],
  'swift-resolved': [
    'app/Package.resolved',
    '{"pins":[{"identity":"nio","location":"https://github.com/apple/swift-nio.git","state":{"version":"2.1.0"}}],"version":2}',
  ],
  'podfile-lock': [
    'app/Podfile.lock',
    'PODS:\n  - PINCache (3.0.3):\n    - PINCache/Core (= 3.0.3)\n  - PINCache/Core (3.0.3)\n',
  ],
  'otp-application': [
    'opt/rabbitmq/plugins/rabbit/ebin/rabbit.app',
    '{application, \'rabbit\', [%% note\n{vsn, "3.12.10"}, {applications, [kernel]}, {env, [{a, #{b => 1}}]}]}.\n',
  ],
  'mix-lock': [
    'app/mix.lock',
    '%{\n  "jason": {:hex, :jason, "1.3.0", "fa6b", [:mix], [{:decimal, "~> 1.0", [optional: true]}], "hexpm", "53fc"},\n}\n',
  ],
  'rebar-lock': [
    'app/rebar.lock',
    '{"1.2.0",\n[{<<"bcrypt">>,{pkg,<<"bcrypt">>,<<"1.1.5">>},0}]}.\n[{pkg_hash_ext,[{<<"bcrypt">>,<<"34">>}]}].\n',
  ],
  'cpan-installed': [
    'usr/lib/perl5/.meta/ExtUtils-Helpers-0.028/MYMETA.json',
    '{"name":"ExtUtils-Helpers","version":"0.028","license":["perl_5"],"prereqs":{"runtime":{"requires":{"Carp":"0"}}}}',
  ],
  'cpan-meta': ['app/META.yml', 'name: Class-Data\nversion: 0.08\nlicense: perl\n'],
  'cabal-freeze': ['app/cabal.project.freeze', 'constraints: any.HTTP ==4000.3.16,\n  any.base installed,\n'],
  stack: ['app/stack.yaml', 'resolver: lts-18.28\nextra-deps:\n  - spdx-1.0.0.2\n  - ../local\n'],
  'r-package': [
    'usr/lib/R/library/stringr/DESCRIPTION',
    'Package: stringr\nVersion: 1.5.0\nLicense: MIT + file LICENSE\nImports: \n    cli,\n    glue (>= 1.6.1)\nBuilt: R 4.3.0\n',
  ],
  'renv-lock': [
    'app/renv.lock',
    '{"Packages":{"mime":{"Package":"mime","Version":"0.7","Repository":"CRAN","Requirements":["tools"]}}}',
  ],
  'luarocks-installed': [
    'usr/lib/luarocks/rocks-5.1/lpeg/1.0.2-1/lpeg-1.0.2-1.rockspec',
    "package = 'lpeg'\nversion = '1.0.2-1'\ndescription = { license = [[MIT]] }\ndependencies = { 'lua >= 5.1' }\n",
  ],
  'luarocks-rockspec': ['app/app-1.0-1.rockspec', 'local v = "1.0"\npackage = "app"\nversion = v.."-".."1"\n'],
  'opam-installed': [
    'root/.opam/default/.opam-switch/packages/fmt.0.9.0/opam',
    'opam-version: "2.0"\nlicense: "ISC"\ndepends: [\n  "ocaml" {>= "4.08"}\n  "dune"\n]\n',
  ],
  'opam-switch': [
    'root/.opam/default/.opam-switch/switch-state',
    'opam-version: "2.0"\ninstalled: ["dune.3.7.2" "fmt.0.9.0"]\nroots: []\n',
  ],
  'opam-package': ['app/tool.opam', 'opam-version: "2.0"\nname: "tool"\nversion: "1.5.0"\nsynopsis: """a\nb"""\n'],
  'github-actions': [
    '.github/workflows/ci.yml',
    'jobs:\n  test:\n    steps:\n      - uses: actions/checkout@v4\n      - uses: a/b/c@main\n',
  ],
  'terraform-lock': [
    'infra/.terraform.lock.hcl',
    'provider "registry.terraform.io/hashicorp/aws" {\n  version     = "5.72.1"\n  hashes = [\n    "h1:a",\n  ]\n}\n',
  ],
  gguf: ['models/tiny.gguf', createGguf({ 'general.name': 'Tiny', 'general.version': '1.0' })],
  safetensors: ['models/model.safetensors', createSafetensors({ 'modelspec.title': 'Tiny' })],
  'paket-dependencies': ['app/paket.dependencies', 'nuget Serilog == 2.10.0\n'],
};

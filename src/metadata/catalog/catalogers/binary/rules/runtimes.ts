/** Language runtimes, compilers and their libraries. */
import type { BinaryRule } from '../rule.ts';

const JAVA = String.raw`(\d[\w.+-]{0,60})`;
const OTP = String.raw`(\d+\.\d+(?:\.\d+){0,2}(?:-rc\d)?)`;

/** `python3.11` and `libpython3.11.so.1.0` hold `3.11.2` between NULs, and other versions too. */
function pythonPatterns(fileName: string): readonly RegExp[] {
  const minor = /^(?:lib)?python(\d+\.\d+)/.exec(fileName)?.[1];
  return minor === undefined ? [] : [new RegExp(String.raw`\0(${minor.replace('.', String.raw`\.`)}[\w.+-]{0,20})\0`)];
}

export const runtimeRules: readonly BinaryRule[] = [
  {
    name: 'python',
    files: /^(?:python\d+\.\d+|libpython\d+\.\d+[a-z]*\.so[.\d]*)$/,
    patterns: pythonPatterns,
    cpes: [
      ['python', 'python'],
      ['python_software_foundation', 'python'],
    ],
  },
  {
    name: 'node',
    files: /^node(?:\.exe)?$/,
    patterns: [/node\.js\/v(\d+\.\d+\.\d+)/, /\0(?:node )?v([0-6]\.\d+\.\d+)\0/],
    cpes: [['nodejs', 'node.js']],
  },
  {
    name: 'bun',
    files: /^bun$/,
    patterns: [/\nbun-(\d+\.\d+\.\d+)\n/, /\bBun v(\d+\.\d+\.\d+)/],
    cpes: [['oven', 'bun']],
  },
  {
    name: 'deno',
    files: /^deno$/,
    patterns: [
      /Deno\/(\d+\.\d+\.\d+)/,
      /release\/v(\d+\.\d+\.\d+)windows/,
      /[0-9a-f]{40}(\d+\.\d+\.\d+)(?:dl|release)/,
    ],
    cpes: [['deno', 'deno']],
  },
  {
    name: 'dart',
    files: /^dart$/,
    patterns: [/\0(\d+\.\d+\.\d+(?:-[\d.]+\.(?:beta|dev))?) \((?:stable|beta|dev)\) \(/],
    cpes: [['dart', 'dart_software_development_kit']],
  },
  {
    name: 'go',
    files: /^go(?:\.exe)?$/,
    patterns: [/go(\d+\.\d+(?:\.\d+|(?:alpha|beta|rc)\d+)?)\0/],
    cpes: [['golang', 'go']],
  },
  {
    name: 'go',
    files: /^VERSION(?:\.cache)?$/,
    patterns: [/^(?:devel )?go(\d+\.\d+(?:\.\d+|(?:alpha|beta|rc)\d+|-[0-9a-f]{7,40})?)(?![\w.])/],
    cpes: [['golang', 'go']],
  },
  {
    name: 'rust',
    files: /^libstd-[0-9a-f]{16}\.(?:so|dylib)$/,
    patterns: [/rustc version (\d+\.\d+\.\d+) \(/, /c (\d+\.\d+\.\d+) \([0-9a-f]{9} \d{4}-\d\d-\d\d\)/],
    cpes: [['rust-lang', 'rust']],
  },
  {
    name: 'ruby',
    files: /^(?:ruby|libruby\.so[.\d]*)$/,
    patterns: [/ruby (\d+\.\d+\.\d+(?:(?:p|preview|rc)\d+|dev)?) \(/],
    cpes: [['ruby-lang', 'ruby']],
  },
  {
    name: 'perl',
    files: /^perl$/,
    patterns: [/\/lib\/perl5\/(\d+\.\d+\.\d+)\0/],
    cpes: [['perl', 'perl']],
  },
  {
    name: 'php',
    files: /^(?:php[\d.]*|php-(?:fpm|cgi)[\d.]*|libphp[\d.]*\.so)$/,
    patterns: [/X-Powered-By: PHP\/(\d+\.\d+\.\d+(?:(?:alpha|beta|RC)\d+)?)/],
    cpes: [['php', 'php']],
  },
  {
    name: 'openjdk',
    files: /^(?:java|javac|jdb)$/,
    patterns: [
      new RegExp(String.raw`openjdk\0(?:java|javac|jdb)\0(?:0\.0|1\.\d)\0${JAVA}\0`),
      new RegExp(String.raw`\x000\.0\0{1,16}${JAVA}\0{1,16}openjdk\0java\0`),
    ],
    purl: { type: 'generic', namespace: 'oracle', name: 'openjdk' },
    cpes: [['oracle', 'openjdk']],
  },
  {
    name: 'jre',
    files: /^java$/,
    patterns: [
      new RegExp(String.raw`\0java\0(?:0\.0|1\.\d)\0${JAVA}\0`),
      new RegExp(String.raw`\0${JAVA}\x000\.0\0java\0`),
    ],
    unless: /openjdk\0/,
    purl: { type: 'generic', namespace: 'oracle', name: 'jre' },
    cpes: [['oracle', 'jre']],
  },
  {
    name: 'julia',
    files: /^libjulia-internal\.so[.\d]*$/,
    patterns: [/\0(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\d+)?)\0(?:branch|julia version %s|BigInt)/],
    cpes: [['julialang', 'julia']],
  },
  {
    name: 'erlang',
    files: /^(?:erlexec|beam\.smp|liberts_internal\.a)$/,
    patterns: [
      new RegExp(String.raw`/otp[_-](?:src_)?${OTP}/erts/`),
      // the emulator ends its greeting with options, and then has its version
      new RegExp(String.raw`\[kernel-poll:%s\]\n\0${OTP.replace('{0,2}', '{0,3}')}\0`),
    ],
    cpes: [['erlang', String.raw`erlang\/otp`]],
  },
  {
    name: 'elixir',
    files: /^elixir$/,
    patterns: [/\bELIXIR_VERSION=(\d+\.\d+\.\d+(?:-[a-z]+\.\d+)?)/],
    cpes: [['elixir-lang', 'elixir']],
  },
  {
    name: 'haskell/ghc',
    files: /^ghc(?:-[\d.]+)?$/,
    patterns: [/libHSghc-(\d+\.\d+\.\d+)-/, /\0GHC (\d+\.\d+\.\d+)\0/],
    purl: { type: 'generic', namespace: 'haskell', name: 'ghc' },
    cpes: [['haskell', 'ghc']],
  },
  {
    name: 'haskell/cabal',
    files: /^cabal$/,
    patterns: [/cabal-install-(\d+(?:\.\d+){3})-/, /\0Cabal-(\d+(?:\.\d+){3})-/],
    purl: { type: 'generic', namespace: 'haskell', name: 'cabal' },
    cpes: [['haskell', 'cabal']],
  },
  {
    name: 'swipl',
    files: /^swipl$/,
    patterns: [/swipl-(\d+\.\d+\.\d+)\//],
    cpes: [['swi-prolog', 'swi-prolog']],
  },
  {
    name: 'gcc',
    files: /^gcc$/,
    patterns: [/GCC: \(GNU\) (\d+\.\d+\.\d+)\0/],
    cpes: [['gnu', 'gcc']],
  },
];

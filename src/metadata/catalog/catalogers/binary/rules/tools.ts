/** Tools, shells, libraries and applications. */
import type { BinaryRule } from '../rule.ts';

export const toolRules: readonly BinaryRule[] = [
  {
    name: 'bash',
    files: /^bash$/,
    patterns: [/@\(#\)Bash version (\d+\.\d+\.\d+)/],
    cpes: [['gnu', 'bash']],
  },
  {
    name: 'busybox',
    files: /^(?:busybox|\[)$/,
    patterns: [/BusyBox v(\d+\.\d+\.\d+)/],
    cpes: [['busybox', 'busybox']],
  },
  {
    name: 'chrome',
    files: /^chrome$/,
    patterns: [/\0(\d+\.\d+\.\d{4,5}\.\d+)\0Default/],
    cpes: [['google', 'chrome']],
  },
  {
    name: 'curl',
    files: /^curl$/,
    patterns: [/\0curl (\d+\.\d+\.\d+) \(/],
    cpes: [['haxx', 'curl']],
  },
  {
    name: 'ffmpeg',
    files: /^(?:ffmpeg|ffprobe|lib(?:avcodec|avdevice|avfilter|avformat|avutil|swresample|swscale)[\w-]*\.so[.\d]*)$/,
    patterns: [/%s version (\d+\.\d+(?:\.\d+)?)/, /FFmpeg version (\d+\.\d+(?:\.\d+)?)/],
    cpes: [['ffmpeg', 'ffmpeg']],
  },
  {
    name: 'firefox',
    files: /^application\.ini$/,
    patterns: [/^Name=Firefox\r?\n(?:[^\n]{0,80}\n){0,4}?Version=(\d+(?:\.\d+){1,2}(?:b\d+|esr)?)\r?\n/m],
    cpes: [['mozilla', 'firefox']],
  },
  {
    name: 'heimdal-krb5',
    files: /^libkrb5\.so[.\d]*$/,
    patterns: [/\$Version: Heimdal (\d+\.\d+(?:\.\d+)?) /],
    cpes: [['heimdal_project', 'heimdal']],
  },
  {
    name: 'helm',
    files: /^helm$/,
    patterns: [/[^\w./]v([2-9]\.\d+\.\d+(?:-(?:alpha|beta|rc)\.\d+)?)\0/],
    purl: { type: 'golang', namespace: 'helm.sh', name: 'helm' },
    cpes: [['helm', 'helm']],
  },
  {
    name: 'jq',
    files: /^jq$/,
    patterns: [/\0(?:jq-)?(\d+\.\d+(?:\.\d+)?(?:rc\d+)?)\0DEBUG:/, /\0jq-(\d+\.\d+(?:\.\d+)?(?:rc\d+)?)\0/],
    cpes: [['jqlang', 'jq']],
  },
  {
    name: 'krb5',
    files: /^libkrb5\.so[.\d]*$/,
    patterns: [/KRB5_BRAND: krb5-(\d+\.\d+(?:\.\d+)?)-final/],
    cpes: [['mit', 'kerberos_5']],
  },
  {
    name: 'aws-lc',
    files: /^(?:openssl|bssl|lib(?:crypto|ssl)(?:-awslc)?\.so[.\d]*)$/,
    patterns: [/AWS-LC (\d+\.\d+\.\d+)/],
    cpes: [['amazon', 'aws_libcrypto']],
  },
  {
    name: 'openssl',
    files: /^(?:openssl|lib(?:crypto|ssl)\.so[.\d]*)$/,
    patterns: [/\0OpenSSL (\d+\.\d+\.\d+[a-z]{0,2}(?:-(?:alpha|beta)\d+)?) {1,2}\d/],
    cpes: [['openssl', 'openssl']],
  },
  {
    name: 'qtbase',
    files: /^libQt[56]?Core\.so[.\d]*$/,
    patterns: [/\0Qt (\d+\.\d+\.\d+) \(/, /QtCore library version (\d+\.\d+\.\d+)/],
    cpes: [['qt', 'qt']],
  },
  {
    name: 'sqlcipher',
    files: /^sqlcipher$/,
    patterns: [/community\0(\d+\.\d+\.\d+)\0/],
    cpes: [['zetetic', 'sqlcipher']],
  },
  {
    name: 'wp-cli',
    files: /^wp(?:-cli\.phar)?$/,
    patterns: [/wp-cli\/wp-cli (\d+\.\d+\.\d+)/],
    cpes: [['wp-cli', 'wp-cli']],
  },
  {
    name: 'xz',
    files: /^(?:xz|liblzma\.so[.\d]*)$/,
    patterns: [/\(XZ Utils\) (\d+\.\d+\.\d+(?:alpha|beta)?)/],
    cpes: [['tukaani', 'xz']],
  },
  {
    name: 'zstd',
    files: /^zstd$/,
    patterns: [/\0v(\d+\.\d+\.\d+)\0Zstandard CLI/],
    cpes: [['facebook', 'zstandard']],
  },
];

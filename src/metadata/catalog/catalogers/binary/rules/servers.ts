/** Servers, proxies, databases and agents. Go keeps what its linker was told between NULs, and literals side by side without. */
import type { BinaryRule } from '../rule.ts';

const SEMVER = String.raw`\d+\.\d+\.\d+`;
const ISTIO = String.raw`(1\.\d+(?:\.\d+)?(?:-(?:dev|(?:alpha|beta|rc)\.\d+))?)`;
const ISTIO_PATTERNS = [
  new RegExp(String.raw`\0${ISTIO}\0{1,16}\1\0`),
  new RegExp(String.raw`(?:Clean|Modified)\0{1,16}${ISTIO}\0`),
  new RegExp(String.raw`\0${SEMVER}\0{1,16}${ISTIO}\0`),
  new RegExp(String.raw`\0${ISTIO}\0`),
];

const istio = (name: string): BinaryRule => ({
  name,
  files: new RegExp(`^${name}$`),
  patterns: ISTIO_PATTERNS,
  purl: { type: 'generic', name: 'istio' },
  cpes: [['istio', 'istio']],
});

const beat = (name: string): BinaryRule => ({
  name,
  files: new RegExp(`^${name}$`),
  patterns: [/(?:Test |m\.rate|plugin)(\d+\.\d+\.\d+)(?=%s|input|global|-\d)/],
  cpes: [['elastic', name]],
});

const ENTERPRISE_MYSQL = ['oracle', 'mysql'] as const;

export const serverRules: readonly BinaryRule[] = [
  ...['auditbeat', 'filebeat', 'metricbeat', 'packetbeat', 'heartbeat'].map(beat),
  ...['pilot-agent', 'pilot-discovery'].map(istio),
  {
    name: 'elastic-agent',
    files: /^elastic-agent$/,
    patterns: [/(?:PM|enroll|: true)(\d+\.\d+\.\d+)(?=:https|-header)/],
    cpes: [['elastic', 'elastic_agent']],
  },
  {
    name: 'arangodb',
    files: /^(?:arangosh|arangod)$/,
    patterns: [/\0(\d+\.\d+\.\d+(?:-\d+)?)(?: enterprise)? \[linux\]/],
    cpes: [['arangodb', 'arangodb']],
  },
  {
    name: 'consul',
    files: /^consul$/,
    patterns: [/CONSUL_VERSION: (\d+\.\d+\.\d+)/],
    purl: { type: 'golang', namespace: 'github.com/hashicorp', name: 'consul' },
    cpes: [['hashicorp', 'consul']],
  },
  {
    name: 'github.com/hashicorp/vault',
    files: /^vault$/,
    patterns: [
      /revoke(\d+\.\d+\.\d+)\)\(nil/,
      /0x%016x(\d+\.\d+\.\d+?)(?=[1-9]\d*\.\d+\.\d+|[^\d.])/,
      /[\0\x80-\xff](1\.\d+\.\d+)\0/,
    ],
    purl: { type: 'golang', namespace: 'github.com/hashicorp', name: 'vault' },
    cpes: [['hashicorp', 'vault']],
  },
  {
    name: 'envoy',
    files: /^envoy$/,
    patterns: [/\0(1\.\d{1,2}\.\d{1,2}(?:-dev)?)\0/],
    cpes: [['envoyproxy', 'envoy']],
  },
  {
    name: 'fluent-bit',
    files: /^fluent-bit$/,
    patterns: [/\0(\d+\.\d+\.\d+)\0{1,16}(?:%s)?Fluent Bit v%s/],
    purl: { type: 'github', namespace: 'fluent', name: 'fluent-bit' },
    cpes: [['treasuredata', 'fluent_bit']],
  },
  {
    name: 'grafana',
    files: /^grafana(?:-server)?$/,
    patterns: [
      /\0release-(\d+\.\d+\.\d+)[+\0]/,
      /[\0\x80-\xff]((?:[5-9]|[1-9]\d)\.\d+\.\d+(?:-(?:beta\d+|preview|\d{6,16}))?)\0/,
    ],
    cpes: [['grafana', 'grafana']],
  },
  {
    name: 'haproxy',
    files: /^haproxy$/,
    patterns: [
      /version (\d+\.\d+(?:\.\d+|-(?:dev|rc)\d+))(?:-[0-9a-f]{7})?, released 20/,
      /(\d+\.\d+(?:\.\d+|-dev\d+))-[0-9a-f]{7}\0{1,32}HAProxy version/,
    ],
    cpes: [['haproxy', 'haproxy']],
  },
  {
    name: 'httpd',
    files: /^(?:httpd|apache2)$/,
    patterns: [/\0Apache\/(\d+\.\d+\.\d+)/],
    cpes: [['apache', 'http_server']],
  },
  {
    name: 'lighttpd',
    files: /^lighttpd$/,
    patterns: [/lighttpd\/(\d+\.\d+\.\d+)/],
    cpes: [['lighttpd', 'lighttpd']],
  },
  {
    name: 'nginx',
    files: /^nginx$/,
    patterns: [/nginx version: (?:nginx|openresty)\/(\d+\.\d+\.\d+)/],
    cpes: [
      ['f5', 'nginx'],
      ['nginx', 'nginx'],
    ],
  },
  {
    name: 'nginx-ingress-controller',
    files: /^nginx-ingress-controller$/,
    patterns: [/[^a-z]v(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.\d+)?)\0/, /\0(0\.\d+\.\d+)\0/],
    cpes: [['kubernetes', 'ingress-nginx']],
  },
  {
    name: 'traefik',
    files: /^traefik$/,
    patterns: [/[^\x20-\x7e]v?([1-9]\.\d+\.\d+(?:-(?:alpha|beta|rc)\d+)?)\0/],
    cpes: [['traefik', 'traefik']],
  },
  {
    name: 'memcached',
    files: /^memcached$/,
    patterns: [/\0memcached (\d+\.\d+\.\d+)/],
    cpes: [['memcached', 'memcached']],
  },
  {
    name: 'mongodb',
    files: /^(?:mongod|mongos|mongo)$/,
    patterns: [/\0(\d+\.\d+\.\d+)\0(?:tcmalloc|heap_size|cppdefines)/],
    cpes: [['mongodb', 'mongodb']],
  },
  {
    name: 'mariadb',
    files: /^(?:mariadb|mariadbd|mysqld?)$/,
    patterns: [/(\d+\.\d+\.\d+)-MariaDB/, /\/mariadb-(\d+\.\d+\.\d+)-/],
    cpes: [['mariadb', 'mariadb']],
  },
  {
    name: 'mysql',
    files: /^mysql$/,
    patterns: [/\/mysql-(\d+\.\d+\.\d+)/, /\0(\d+\.\d+\.\d+)\0{1,16}mysql_real_escape/],
    unless: /\/percona-server-\d|-MariaDB/i,
    cpes: [ENTERPRISE_MYSQL],
  },
  {
    name: 'mysql-server',
    files: /^mysqld$/,
    patterns: [/\/mysql-(\d+\.\d+\.\d+)\/sql\//],
    cpes: [ENTERPRISE_MYSQL, ['oracle', 'mysql_server']],
  },
  {
    name: 'mysql-cluster',
    files: /^(?:mysqld|ndbd|ndbmtd)$/,
    patterns: [/\/mysql-cluster-gpl-(\d+\.\d+\.\d+)\//],
    cpes: [['oracle', 'mysql_cluster']],
  },
  {
    name: 'percona-server',
    files: /^mysql$/,
    patterns: [/\/percona-server-(\d+\.\d+\.\d+)/],
    cpes: [['percona', 'percona_server'], ENTERPRISE_MYSQL],
  },
  {
    name: 'percona-xtrabackup',
    files: /^xtrabackup$/,
    patterns: [/\/percona-xtrabackup-(\d+\.\d+\.\d+)/],
    cpes: [['percona', 'xtrabackup']],
  },
  {
    name: 'openldap',
    files: /^(?:ldap(?:add|delete|modify|search|whoami)|slapd)$/,
    patterns: [/\$OpenLDAP: \w+ (\d+\.\d+\.\d+) /],
    cpes: [['openldap', 'openldap']],
  },
  {
    name: 'postgresql',
    files: /^postgres$/,
    patterns: [/PostgreSQL (\d+(?:\.\d+){0,2}(?:(?:alpha|beta|rc)\d+)?) /],
    cpes: [['postgresql', 'postgresql']],
  },
  {
    name: 'proftpd',
    files: /^proftpd$/,
    patterns: [/ProFTPD Version (\d+\.\d+\.\d+(?:[a-z]|rc\d+)?)/],
    cpes: [['proftpd', 'proftpd']],
  },
  {
    name: 'redis',
    files: /^redis-server$/,
    patterns: [
      /\D(\d+\.\d+\.\d+)buildkitsandbox-\d/,
      /\D(\d+\.\d+\.\d+)[0-9a-f]{12}-\d{19}/,
      /Redis version (\d+\.\d+\.\d+)/,
    ],
    unless: /valkey\d/,
    cpes: [
      ['redis', 'redis'],
      ['redislabs', 'redis'],
    ],
  },
  {
    name: 'valkey',
    files: /^(?:valkey|redis)-server$/,
    patterns: [/valkey(\d+\.\d+\.\d+)/],
    cpes: [
      ['lfprojects', 'valkey'],
      ['linuxfoundation', 'valkey'],
    ],
  },
];

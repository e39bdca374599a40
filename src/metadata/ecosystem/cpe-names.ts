/** Names of the CPE dictionary that habit does not give: facts of the National Vulnerability Database, for packages that most images hold. */

export type CpeName = readonly [vendor: string, product: string, part?: 'a' | 'o'];
type CpeNames = ReadonlyMap<string, CpeName>;

/** By the name of the source package in distributions, or of the program. */
export const KNOWN_UPSTREAMS: CpeNames = table(`
apache2 apache http_server
apr apache portable_runtime
apr-util apache portable_runtime_utility
avahi avahi avahi
bash gnu bash
bind isc bind
bind9 isc bind
binutils gnu binutils
bluez bluez bluez
brotli google brotli
busybox busybox busybox
bzip2 bzip bzip2
c-ares c-ares c-ares
cairo cairographics cairo
coreutils gnu coreutils
cpio gnu cpio
cups openprinting cups
curl haxx curl
cyrus-sasl cyrusimap cyrus-sasl
cyrus-sasl2 cyrusimap cyrus-sasl
dbus freedesktop dbus
diffutils gnu diffutils
dnsmasq thekelleys dnsmasq
dpkg debian dpkg
e2fsprogs e2fsprogs_project e2fsprogs
elfutils elfutils_project elfutils
emacs gnu emacs
exim4 exim exim
expat libexpat_project libexpat
ffmpeg ffmpeg ffmpeg
file file_project file
findutils gnu findutils
fontconfig fontconfig_project fontconfig
freetype freetype freetype
gawk gnu gawk
gcc gnu gcc
gdb gnu gdb
gettext gnu gettext
ghostscript artifex ghostscript
git git-scm git
glib2 gnome glib
glibc gnu glibc
gmp gmplib gmp
gnupg gnupg gnupg
gnupg2 gnupg gnupg
gnutls gnu gnutls
gnutls28 gnu gnutls
golang golang go
go golang go
grep gnu grep
grub2 gnu grub2
gzip gnu gzip
haproxy haproxy haproxy
harfbuzz harfbuzz_project harfbuzz
httpd apache http_server
icu icu-project international_components_for_unicode
imagemagick imagemagick imagemagick
iptables netfilter iptables
jansson jansson_project jansson
jq jqlang jq
krb5 mit kerberos_5
less gnu less
libarchive libarchive libarchive
libbsd freedesktop libbsd
libcap2 libcap_project libcap
libevent libevent_project libevent
libgcrypt gnupg libgcrypt
libgcrypt20 gnupg libgcrypt
libidn2 gnu libidn2
libjpeg-turbo libjpeg-turbo libjpeg-turbo
libksba gnupg libksba
libpng libpng libpng
libseccomp libseccomp_project libseccomp
libssh libssh libssh
libssh2 libssh2 libssh2
libtasn1 gnu libtasn1
libtirpc libtirpc_project libtirpc
libwebp webmproject libwebp
libxml2 xmlsoft libxml2
libxslt xmlsoft libxslt
libyaml pyyaml libyaml
linux linux linux_kernel o
kernel linux linux_kernel o
lz4 lz4_project lz4
mariadb mariadb mariadb
memcached memcached memcached
musl musl-libc musl
mysql oracle mysql
ncurses gnu ncurses
net-snmp net-snmp net-snmp
nettle nettle_project nettle
nghttp2 nghttp2 nghttp2
nginx f5 nginx
node nodejs node.js
nodejs nodejs node.js
ntp ntp ntp
openldap openldap openldap
openssh openbsd openssh
openssl openssl openssl
openvpn openvpn openvpn
p11-kit p11-kit_project p11-kit
pam linux-pam linux-pam
patch gnu patch
pcre pcre pcre
pcre2 pcre pcre2
perl perl perl
php php php
pixman pixman pixman
policykit-1 polkit_project polkit
polkit polkit_project polkit
poppler freedesktop poppler
postfix postfix postfix
postgresql postgresql postgresql
procps procps-ng_project procps-ng
protobuf google protobuf
python python python
rabbitmq-server vmware rabbitmq
readline gnu readline
redis redis redis
rpm rpm rpm
rsync samba rsync
rsyslog rsyslog rsyslog
ruby ruby-lang ruby
rustc rust-lang rust
rust rust-lang rust
samba samba samba
screen gnu screen
sed gnu sed
shadow shadow_project shadow
sqlite sqlite sqlite
sqlite3 sqlite sqlite
squid squid-cache squid
subversion apache subversion
sudo sudo_project sudo
systemd systemd_project systemd
tar gnu tar
tcpdump tcpdump tcpdump
tiff libtiff libtiff
tomcat apache tomcat
tzdata iana time_zone_database
unbound nlnetlabs unbound
unzip info-zip unzip
util-linux kernel util-linux
varnish varnish-software varnish_cache
vim vim vim
wget gnu wget
wireshark wireshark wireshark
wpa w1.fi wpa_supplicant
xz tukaani xz
xz-utils tukaani xz
zip info-zip zip
zlib zlib zlib
zstd facebook zstandard
libzstd facebook zstandard
`);

/** By type of package URL, then by name; `group:artifact` of Maven. */
export const KNOWN_PACKAGES: Readonly<Partial<Record<string, CpeNames>>> = {
  npm: table(`
angular angularjs angular
bootstrap getbootstrap bootstrap
electron electronjs electron
express openjsf express
handlebars handlebarsjs handlebars
minimist substack minimist
moment momentjs moment
next vercel next.js
npm npmjs npm
semver npmjs semver
undici nodejs undici
vite vitejs vite
vue vuejs vue
`),
  pypi: table(`
ansible redhat ansible
cryptography cryptography.io cryptography
django djangoproject django
flask palletsprojects flask
jinja2 palletsprojects jinja
pip pypa pip
requests python requests
tensorflow google tensorflow
tornado tornadoweb tornado
werkzeug palletsprojects werkzeug
`),
  gem: table(`
actionpack rubyonrails rails
activerecord rubyonrails rails
activesupport rubyonrails rails
rails rubyonrails rails
`),
  maven: table(`
commons-beanutils:commons-beanutils apache commons_beanutils
commons-collections:commons-collections apache commons_collections
commons-fileupload:commons-fileupload apache commons_fileupload
commons-io:commons-io apache commons_io
log4j:log4j apache log4j
mysql:mysql-connector-java oracle mysql_connector/j
com.mysql:mysql-connector-j oracle mysql_connector/j
org.apache.commons:commons-compress apache commons_compress
org.apache.commons:commons-text apache commons_text
org.postgresql:postgresql postgresql postgresql_jdbc_driver
org.yaml:snakeyaml snakeyaml_project snakeyaml
`),
};

/** By group of Maven, or the start of one: what all of its artifacts are parts of. */
export const KNOWN_GROUPS: CpeNames = table(`
ch.qos.logback qos logback
io.netty netty netty
org.apache.activemq apache activemq
org.apache.camel apache camel
org.apache.cassandra apache cassandra
org.apache.cxf apache cxf
org.apache.hadoop apache hadoop
org.apache.kafka apache kafka
org.apache.logging.log4j apache log4j
org.apache.shiro apache shiro
org.apache.struts apache struts
org.apache.tika apache tika
org.apache.tomcat apache tomcat
org.apache.tomcat.embed apache tomcat
org.apache.zookeeper apache zookeeper
org.eclipse.jetty eclipse jetty
org.elasticsearch elastic elasticsearch
org.hibernate.orm hibernate hibernate_orm
org.keycloak redhat keycloak
org.springframework vmware spring_framework
org.springframework.boot vmware spring_boot
org.springframework.security vmware spring_security
`);

/** Lines of a name, its vendor, its product, and its part where it is no application. */
function table(lines: string): CpeNames {
  const rows = lines.trim().split('\n');
  return new Map(
    rows.map((line) => {
      const [name = '', vendor = '', product = '', part] = line.split(' ');
      return [name, part === 'o' ? [vendor, product, part] : [vendor, product]];
    }),
  );
}

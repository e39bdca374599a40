/**
 * Where a host name points, as far as its text tells: guards against being sent to inner addresses (SSRF) and decides
 * where plain HTTP is harmless. Not done: resolving names; a public name may point to a private address.
 */

export type HostClass = 'public' | 'private' | 'loopback' | 'link-local';

/** `host` is as in URL.hostname: lower case, IPv4 in dotted decimal, IPv6 in brackets or not. */
export function classifyHost(host: string): HostClass {
  const name = host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost')) return 'loopback';
  if (name === 'metadata.google.internal') return 'link-local';
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return classifyV4(name.split('.').map(Number));
  return name.includes(':') ? classifyV6(name) : 'public';
}

/** Whether a registry (`host` or `host:port`) is on this machine. */
export function isLoopbackRegistry(registry: string): boolean {
  const url = URL.parse(`http://${registry}/`);
  return url !== null && classifyHost(url.hostname) === 'loopback';
}

function classifyV4(parts: readonly number[]): HostClass {
  const [a = 0, b = 0] = parts;
  if (a === 127 || a === 0) return 'loopback';
  // 100.100.100.200 answers on Alibaba's machines as 169.254.169.254 does on others'
  if ((a === 169 && b === 254) || parts.join('.') === '100.100.100.200') return 'link-local';
  const isPrivate =
    a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 100 && b >= 64 && b < 128);
  return isPrivate ? 'private' : 'public';
}

function classifyV6(name: string): HostClass {
  if (name === '::1' || name === '::') return 'loopback';
  // ::ffff:7f00:1, ::7f00:1 and 64:ff9b::7f00:1 are 127.0.0.1 (RFC 4291 2.5.5, RFC 6052 2.1), written so by the URL parser
  const mapped = /^(?:::ffff:|::|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(name);
  if (mapped?.[1] !== undefined && mapped[2] !== undefined) {
    const [high, low] = [Number.parseInt(mapped[1], 16), Number.parseInt(mapped[2], 16)];
    return classifyV4([high >> 8, high & 255, low >> 8, low & 255]);
  }
  // fd00:ec2::254 is Amazon's metadata service
  if (/^fe[89ab]/.test(name) || name === 'fd00:ec2::254') return 'link-local';
  return /^f[cd]/.test(name) ? 'private' : 'public';
}

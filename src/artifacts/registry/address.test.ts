import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyHost, isLoopbackRegistry } from './address.ts';

test('classifyHost knows inner addresses in all their spellings', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    loopback: [
      '127.0.0.1',
      '127.1',
      '0x7f.1',
      '2130706433',
      '0.0.0.0',
      '[::1]',
      '[::]',
      '[::ffff:127.0.0.1]',
      '[::127.0.0.1]',
      'localhost',
      'x.localhost',
      'LOCALHOST.',
    ],
    'link-local': [
      '169.254.169.254',
      '[fe80::1]',
      '[::ffff:169.254.169.254]',
      '[64:ff9b::169.254.169.254]',
      'metadata.google.internal',
      '100.100.100.200',
      '[fd00:ec2::254]',
    ],
    private: [
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '100.64.0.1',
      '[fd00::1]',
      '[::ffff:10.0.0.1]',
    ],
    public: ['8.8.8.8', '172.32.0.1', '11.0.0.1', 'registry.example.com', '[2001:db8::1]', '10.example.com'],
  };
  for (const [expected, hosts] of Object.entries(cases)) {
    for (const host of hosts) assert.equal(classifyHost(new URL(`http://${host}/`).hostname), expected, host);
  }
});

test('isLoopbackRegistry is about this machine only: private networks are not asked in the clear', () => {
  for (const registry of ['localhost:5000', '127.0.0.1', '[::1]:5000', 'kind.localhost:5000'])
    assert.ok(isLoopbackRegistry(registry), registry);
  for (const registry of ['10.2.3.4:5000', '192.168.1.10:80', 'localhost.example.com', 'example.com:5000']) {
    assert.ok(!isLoopbackRegistry(registry), registry);
  }
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { AppError, type CallGrpc, type Environment, type GrpcCall } from '../core/index.ts';
import { createTestPorts, temporaryFolder } from '../io/testing.ts';
import { findIdentityToken, type TokenInput } from './identity-token.ts';

const TOKEN = 'eyJh.eyJi.c2ln';

/** A JWTSVIDResponse with these tokens, and fields that nobody asked for. */
function response(...tokens: readonly string[]): Uint8Array {
  const writer = new BinaryWriter().tag(9, WireType.Varint).uint32(7);
  for (const token of tokens) {
    const svid = new BinaryWriter().tag(1, WireType.LengthDelimited).string('spiffe://example.org/ci');
    svid.tag(2, WireType.LengthDelimited).string(token).tag(3, WireType.LengthDelimited).string('hint');
    writer.tag(1, WireType.LengthDelimited).bytes(svid.finish());
  }
  return writer.finish();
}

async function find(environment: Environment, given: Partial<TokenInput> = {}, answer: Uint8Array = response(TOKEN)) {
  const calls: GrpcCall[] = [];
  const grpc: CallGrpc = async (call) => (calls.push(call), answer);
  const ports = createTestPorts({ environment, grpc });
  const token = await findIdentityToken(ports, { given: undefined, ignoresAmbient: false, ...given });
  return { token, calls };
}

const refused = (kind: AppError['kind'], expected: RegExp) => (error: unknown) =>
  error instanceof AppError && error.kind === kind && expected.test(error.message);

test('the agent of SPIFFE is asked for a token of this workload', async () => {
  for (const [socket, endpoint] of [
    ['unix:///run/agent.sock', 'unix:///run/agent.sock'],
    ['/run/agent.sock', 'unix:///run/agent.sock'],
    ['tcp://127.0.0.1:8082', 'tcp://127.0.0.1:8082'],
  ]) {
    const { token, calls } = await find({ SPIFFE_ENDPOINT_SOCKET: socket }, {}, response(TOKEN, 'another'));
    assert.equal(token, TOKEN);
    const [call = assert.fail()] = calls;
    assert.equal(call.endpoint, endpoint);
    assert.equal(call.method, '/SpiffeWorkloadAPI/FetchJWTSVID');
    assert.deepEqual(call.metadata, { 'workload.spiffe.io': 'true' });
    assert.deepEqual(Buffer.from(call.message), Buffer.from('\n\bsigstore'));
  }
});

test('what the agent answers without a token is an error', async () => {
  const environment = { SPIFFE_ENDPOINT_SOCKET: '/run/agent.sock' };
  await assert.rejects(find(environment, {}, response()), refused('unauthorized', /expected a token of this workload/));
  await assert.rejects(find(environment, {}, Uint8Array.of(10, 200)), refused('invalid-input', /JWTSVIDResponse/));
});

test('a token that is given is taken, then that of the environment, then one that is asked for', async () => {
  const environment = { SIGSTORE_ID_TOKEN: 'of.the.environment', SPIFFE_ENDPOINT_SOCKET: '/run/agent.sock' };
  const file = join(temporaryFolder(), 'token');
  await writeFile(file, 'of.a.file\n');
  assert.equal((await find(environment, { given: file })).token, 'of.a.file');
  assert.equal((await find(environment)).token, 'of.the.environment');
  assert.equal((await find(environment, { provider: 'spiffe' })).token, TOKEN);
  assert.equal((await find({ SPIFFE_ENDPOINT_SOCKET: '/x' }, { ignoresAmbient: true })).token, undefined);
  assert.equal((await find({})).token, undefined);
});

test('the one provider that is wanted must be here', async () => {
  const environment = { SPIFFE_ENDPOINT_SOCKET: '/run/agent.sock' };
  for (const provider of ['github-actions', 'buildkite-agent'] as const)
    await assert.rejects(find(environment, { provider }), refused('not-found', new RegExp(`a token of ${provider}`)));
});

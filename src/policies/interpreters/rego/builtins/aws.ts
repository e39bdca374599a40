/** Signature version 4 of Amazon Web Services over a request that the policy describes; nothing is sent. */
import { createHash, createHmac } from 'node:crypto';
import { fault } from '../fault.ts';
import { formatJson } from '../json.ts';
import { toBigInt } from '../number.ts';
import { formatValue, RegoObject, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { attempt, numberAt, objectAt, typeError } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

const SETTINGS = ['aws_access_key', 'aws_region', 'aws_secret_access_key', 'aws_service'];
const UNSIGNED_HEADERS = ['authorization', 'user-agent', 'x-amzn-trace-id'];

function refuse(operand: number, message: string): Error {
  return fault('eval_type_error', `operand ${operand} ${message}`, undefined);
}

/** Members that must be texts. */
function textsOf(object: RegoObject, names: readonly string[], operand: number, what: string): string[] {
  const missing = names.filter((name) => object.get(name) === undefined);
  if (missing.length > 0)
    throw refuse(operand, `missing required ${what} parameters(s): ${formatValue(RegoSet.of(missing))}`);
  const invalid = names.filter((name) => typeof object.get(name) !== 'string');
  if (invalid.length > 0)
    throw refuse(operand, `invalid values for required ${what} parameters(s): ${formatValue(RegoSet.of(invalid))}`);
  return names.map((name) => object.get(name) as string);
}

function timeOf(args: Args): string {
  const nanoseconds = toBigInt(numberAt(args, 2));
  if (nanoseconds === undefined || nanoseconds < 0n || BigInt.asIntN(64, nanoseconds) !== nanoseconds)
    throw refuse(3, 'could not convert time_ns value into a unix timestamp');
  const at = new Date(Number(nanoseconds / 1_000_000n));
  return at.toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '');
}

function headersOf(request: RegoObject): Map<string, string> {
  const headers = request.get('headers') ?? new RegoObject();
  if (!(headers instanceof RegoObject)) throw typeError(0, headers, 'object');
  return new Map(headers.entries().map(([name, value]) => [textOf(name), textOf(value)]));
}

function textOf(value: RegoValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function bodyOf(request: RegoObject): string {
  const raw = request.get('raw_body');
  const body = request.get('body');
  if (raw !== undefined) return textOf(raw);
  return body === undefined ? '' : formatJson(body);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function signRequest(args: Args): RegoValue {
  const [request, settings] = [objectAt(args, 0), objectAt(args, 1)];
  const [accessKey = '', region = '', secret = '', service = ''] = textsOf(settings, SETTINGS, 2, 'AWS config');
  const time = timeOf(args);
  const [method = '', address = ''] = textsOf(request, ['method', 'url'], 1, 'request');
  const isUnsigned = settings.get('disable_payload_signing') ?? false;
  if (typeof isUnsigned !== 'boolean') throw refuse(2, "invalid value for 'disable_payload_signing' in AWS config");
  const url = attempt(() => new URL(address));
  const contentHash = isUnsigned ? 'UNSIGNED-PAYLOAD' : sha256(bodyOf(request));
  const added = new Map([
    ['host', url.host],
    ['x-amz-date', time],
  ]);
  if (service === 's3' || service === 'glacier') added.set('x-amz-content-sha256', contentHash);
  const token = textOf(settings.get('aws_session_token'));
  if (token !== '') added.set('x-amz-security-token', token);
  const given = headersOf(request);
  const signed = new Map(added);
  for (const [name, value] of given) {
    if (!UNSIGNED_HEADERS.includes(name.toLowerCase())) signed.set(name.toLowerCase(), value);
  }
  const names = [...signed.keys()].sort();
  const path = /^[^/]*\/\/[^/?#]*([^?#]*)/.exec(address)?.[1] ?? '';
  const canonical = [
    method,
    path,
    url.search.slice(1),
    ...names.map((name) => `${name}:${signed.get(name)}`),
    '',
    names.join(';'),
    contentHash,
  ].join('\n');
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`;
  const key = scope
    .split('/')
    .reduce<Buffer>((before, part) => createHmac('sha256', before).update(part).digest(), Buffer.from(`AWS4${secret}`));
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope},SignedHeaders=${names.join(';')},Signature=${signature}`;
  const made = RegoObject.of(request.entries());
  made.set('headers', RegoObject.of([...given, ['Authorization', authorization], ...added]));
  return made;
}

export const AWS: Builtins = { 'providers.aws.sign_req': signRequest };

/** A token from the Workload API of SPIFFE (SPIFFE Workload API 6.2, JWT-SVID profile), which an agent serves on each machine. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { AppError, type CallGrpc } from '../../core/index.ts';

const METHOD = '/SpiffeWorkloadAPI/FetchJWTSVID';
/** Without it the agent answers nobody: a request that a web page was tricked into has no such header (5.1). */
const METADATA = { 'workload.spiffe.io': 'true' };
/** Fields of the messages that are asked with and looked at. */
const AUDIENCE = 1;
const SVIDS = 1;
const SVID = 2;

/** Of the workload's first identity, which is its default (6.2.1). Throws `unauthorized` when the agent knows none for it. */
export async function fetchSpiffeToken(
  grpc: CallGrpc,
  endpoint: string,
  { audience, signal }: { readonly audience: string; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const message = new BinaryWriter().tag(AUDIENCE, WireType.LengthDelimited).string(audience).finish();
  const call = { endpoint, method: METHOD, metadata: METADATA, message };
  const answer = await grpc({ ...call, ...(signal === undefined ? {} : { signal }) });
  try {
    const [svid] = fieldsOf(answer, SVIDS);
    const [token] = svid === undefined ? [] : fieldsOf(svid, SVID);
    if (token !== undefined) return new TextDecoder('utf-8', { fatal: true }).decode(token);
  } catch (cause) {
    throw new AppError('invalid-input', `${endpoint}: expected a JWTSVIDResponse, found other bytes`, { cause });
  }
  throw new AppError('unauthorized', `${endpoint}: expected a token of this workload, found none`);
}

/** What the field holds, as often as it is there; the others are passed over. */
function fieldsOf(message: Uint8Array, wanted: number): readonly Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted && type === WireType.LengthDelimited) found.push(reader.bytes());
    else reader.skip(type, field);
  }
  return found;
}

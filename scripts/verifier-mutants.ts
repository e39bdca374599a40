/** One change for each check of the verifier that would let something wrong pass. `npm run mutants` tries them. */

export interface Mutant {
  /** The check that is gone. */
  readonly name: string;
  readonly file: string;
  /** Stands in the file once. */
  readonly from: string;
  readonly to: string;
}

/** The file's text without the check. Throws where the text is not there exactly once. */
export function applyMutant({ name, file, from, to }: Mutant, text: string): string {
  const parts = text.split(from);
  if (parts.length !== 2)
    throw new Error(`${name}: expected ${JSON.stringify(from)} once in ${file}, found ${parts.length - 1}`);
  return parts.join(to);
}

type Change = readonly [name: string, from: string, to: string];

function of(file: string, changes: readonly Change[]): readonly Mutant[] {
  return changes.map(([name, from, to]) => ({ name, file: `src/trust/${file}`, from, to }));
}

export const mutants: readonly Mutant[] = [
  ...of('crypto/chain.ts', [
    ['a CA says that it is one', "if (!isCa) return 'one of", "if (false) return 'one of"],
    ['a CA may sign certificates', 'if (keyUsage?.keyCertSign === false)', 'if (false)'],
    ['path lengths', 'pathLength !== undefined && index > pathLength', 'false'],
    [
      'purposes of CAs',
      'if (purposes !== undefined && !purposes.includes(purpose)',
      'if (false && !purposes?.includes(purpose)',
    ],
    ['CAs are issued by the next', 'if (issuer !== undefined && !isIssuedBy(certificate, issuer))', 'if (false)'],
    ['names of issuers', 'isEqualBytes(certificate.issuer, issuer.subject) &&', ''],
    ['signatures of issuers', '&& isSignedBy(issuer.publicKey, algorithm, { content, signature })', ''],
    ['start of validity', 'certificate.notBefore <= at &&', ''],
    ['end of validity', '&& at <= certificate.notAfter', ''],
    ['end of validity is included', 'at <= certificate.notAfter', 'at < certificate.notAfter'],
    ['the leaf is issued by the CA', '(issuer !== undefined && isIssuedBy(leaf, issuer))', 'issuer !== undefined'],
    ['faults of the chain', 'if (ca.findFault(check.purpose) !== undefined)', 'if (false)'],
    ['a leaf is no CA', 'if (isCa || keyUsage?.keyCertSign === true)', 'if (false)'],
    ['basic constraints of a leaf', 'if (isCa || keyUsage', 'if (keyUsage'],
    ['key usage of a leaf that signs certificates', '|| keyUsage?.keyCertSign === true', ''],
    ['purposes of a leaf', 'extendedKeyUsage?.purposes.includes(check.purpose) !== true ||', ''],
    ['key usage of a leaf', '|| keyUsage?.digitalSignature === false', ''],
    ['validity of a leaf', "if (!isValidAt(leaf, at)) return 'certificate-not-valid-at-time';", ''],
    ['validity of CAs', 'if (!ca.certificates.every((certificate) => isValidAt(certificate, at)))', 'if (false)'],
  ]),
  ...of('crypto/certificate.ts', [
    [
      'one algorithm twice',
      'if (readSignatureAlgorithm(tbs) !== outer)',
      'if (readSignatureAlgorithm(tbs) === undefined)',
    ],
    ['extensions once', 'seen.has(oid) ||', ''],
    ['unknown critical extensions', '(isCritical || oid === NAME_CONSTRAINTS)', 'oid === NAME_CONSTRAINTS'],
    ['name constraints', '(isCritical || oid === NAME_CONSTRAINTS)', 'isCritical'],
    ['arcs below claims', String.raw`57264\.1\.(\d+)$/`, String.raw`57264\.1\.(\d+)/`],
    ['printable names', 'if (/[^\\u0020-\\u007e]/.test(text))', 'if (false)'],
    [
      'nothing behind a certificate',
      'const certificate = document.enter(TAG.sequence);\n  document.end();',
      'const certificate = document.enter(TAG.sequence);',
    ],
  ]),
  ...of('crypto/sct.ts', [
    ['ids of SCT logs', 'logs.filter((log) => isEqualBytes(log.logId, sct.logId))', 'logs'],
    ['periods of SCT logs', 'known.filter((log) => log.isValidAt(sct.timestamp))', 'known'],
    ['signatures of SCTs', 'valid.find((log) => isSctSignedBy(sct, signed, log.key))', 'valid[0]'],
    ['key of the issuer under SCTs', 'update(issuer.publicKey.spki)', 'update(certificate.publicKey.spki)'],
    ['extensions under SCTs', 'entry, tail, sct.extensions]', 'entry, Buffer.alloc(2)]'],
    ['SCT logs count once', 'good.set(encodeBase64(signer.logId), signer)', 'good.set(String(good.size), signer)'],
  ]),
  ...of('crypto/merkle.ts', [
    ['places within the tree', 'leaf.index >= head.size ||', ''],
    ['roots of proofs', 'return last === 0 && isEqualBytes(hash, head.root);', 'return last === 0;'],
    [
      'lengths of proofs',
      'return last === 0 && isEqualBytes(hash, head.root);',
      'return isEqualBytes(hash, head.root);',
    ],
    ['prefix of leaves', 'LEAF_PREFIX = Uint8Array.of(0)', 'LEAF_PREFIX = Uint8Array.of()'],
    ['prefix of nodes', 'NODE_PREFIX = Uint8Array.of(1)', 'NODE_PREFIX = Uint8Array.of()'],
    ['consistency of the older tree', '&& isEqualBytes(oldHash, older.root)', ''],
    ['consistency of the newer tree', '&& isEqualBytes(newHash, newer.root)', ''],
  ]),
  ...of('crypto/note.ts', [
    ['names in notes', 'line.name === signer.name &&', ''],
    ['hints in notes', '&& isEqualBytes(line.hint, hint)', ''],
    [
      'signatures of notes',
      "return lines.some((line) => signer.key.verifyStrictly('sha256', content, line.signature))",
      'return lines.length > 0',
    ],
    ['no empty lines in checkpoints', "if (extensions.includes(''))", 'if (false)'],
    ['time under cosignatures', 'time ${seconds}\\n', 'time 0\\n'],
  ]),
  ...of('crypto/timestamp.ts', [
    ['granted timestamps', 'if (state > 1)', 'if (false)'],
    [
      'imprints',
      'if (!isEqualBytes(createHash(imprint.hash).update(signature).digest(), imprint.digest))',
      'if (false)',
    ],
    ['digest of the TSTInfo', 'if (!isContent || ', 'if ('],
    [
      'signatures of timestamps',
      '!isSignedBy(leaf.publicKey, algorithm, { content: attributes, signature, hash })',
      'false',
    ],
    ['critical purpose of timestamps', 'usage?.isCritical !== true || usage.purposes', 'usage?.purposes'],
    ['single purpose of timestamps', '|| usage.purposes.length !== 1', ''],
    [
      'chains of timestamp authorities',
      'const fault = findChainFault(leaf, authority.ca, { times: [time], purpose: TIME_STAMPING });',
      'const fault = undefined as ChainFault | undefined;',
    ],
    ['times of timestamp chains', 'times: [time], purpose', 'times: [], purpose'],
    [
      'periods of timestamp authorities',
      "return authority.isValidAt(time) ? undefined : 'timestamp-authority-not-valid-at-time';",
      'return undefined;',
    ],
    ['certificates that timestamps name', 'return isNamed && isEqualBytes(', 'return isNamed || isEqualBytes('],
    ['content type of timestamps', 'if (contentType.oid() !== TST_INFO)', "if (contentType.oid() === '')"],
  ]),
  ...of('logs/entry.ts', [
    [
      'times need a promise',
      'source.promise === undefined || source.integratedTime === undefined ? undefined',
      'source.integratedTime === undefined ? undefined',
    ],
    ['periods of logs', 'if (time !== undefined && !log.isValidAt(time))', 'if (false)'],
    ['promises are required', "return required === 'promise'\n", 'return false\n'],
    [
      'signatures of promises',
      "if (log.key.verifyStrictly('sha256', Buffer.from(payload), source.promise)) return [];",
      'return [];',
    ],
    [
      'witnesses of checkpoints',
      'if (witnesses === undefined || witnesses.isSatisfiedBy(noteOf(proof?.checkpoint))) return [];',
      'return [];',
    ],
    [
      'proofs are required',
      "required === 'proof' ? [fault('inclusion-proof-missing'",
      "false ? [fault('inclusion-proof-missing'",
    ],
    [
      'checkpoints are required',
      "required === 'proof' ? [fault('checkpoint-missing'",
      "false ? [fault('checkpoint-missing'",
    ],
    ['origins of checkpoints', 'if (name === undefined) {', 'if (false) {'],
    ['the end of a name in origins', '`${known} - `', 'known'],
    ['lines of checkpoints', "if (noteFault === 'no-line-of-signer') {", 'if (false) {'],
    ['signatures of checkpoints', 'else if (noteFault !== undefined)', 'else if (false)'],
    ['the same tree', 'if (!isSameRoot || (proof.size ?? checkpoint.size) !== checkpoint.size)', 'if (false)'],
    [
      'paths to the root',
      'if (isIncluded({ index: proof.index, hash: hashLeaf(source.body) }, proof.hashes, head)) return [];',
      'return [];',
    ],
    [
      'indexes without a promise',
      'source.promise === undefined ? (source.proof?.index ?? 0) : source.logIndex',
      'source.logIndex',
    ],
  ]),
  ...of('logs/entry-match.ts', [
    ['rebuilt entries', 'some((text) => body.equals(Buffer.from(text)))', 'some(() => true)'],
    [
      'unknown kinds',
      "if (compare === undefined) return ['entry-kind-unsupported'];",
      'if (compare === undefined) return [];',
    ],
    ['kinds of entries', 'if (body.kind !== entry.kind || body.apiVersion !== entry.version)', 'if (false)'],
    ['signatures in hashedrekord', 'if (!isBase64Of(signature.content, signed.signature))', 'if (false)'],
    ['keys in hashedrekord', 'if (!isVerifier(signature.publicKey.content, signed))', 'if (false)'],
    ['digests in hashedrekord', 'if (digest === undefined || !isHexOf(data.hash.value, digest))', 'if (false)'],
    ['keys in intoto 0.0.1', 'if (!isVerifier(publicKey, signed))', 'if (false)'],
    ['hashes in intoto 0.0.1', 'if (isLogged !== true)', 'if (false)'],
    ['types in intoto 0.0.2', 'if (envelope.payloadType !== signed.envelope?.payloadType)', 'if (false)'],
    ['payloads of envelopes', "return isPayload ? [] : ['entry-other-artifact'];", 'return isPayload ? [] : [];'],
    ['signatures of envelopes', 'logged.filter(({ signature }) => isBase64Of(signature, signed.signature))', 'logged'],
    [
      'keys of envelopes',
      'if (same.some(({ verifier }) => isVerifier(verifier, signed))) return [];',
      'if (same.length > 0) return [];',
    ],
    [
      'certificates in entries',
      "block.label === 'CERTIFICATE' && isEqualBytes(block.bytes, signed.certificate)",
      "block.label === 'CERTIFICATE'",
    ],
    [
      'bare keys in entries',
      'if (signed.certificate !== undefined) {\n    return block.label',
      'if (signed.certificate !== undefined) {\n    if (isEqualBytes(block.bytes, signed.key.spki)) return true;\n    return block.label',
    ],
  ]),
  ...of('roots/trusted-root.ts', [
    ['starts of periods', 'range.start <= at &&', ''],
    ['ends of periods', '|| at <= range.end)', '|| true)'],
    ['ends of periods are included', 'at <= range.end', 'at < range.end'],
  ]),
  ...of('bundles/bundle.ts', [
    ['one material', 'if (given.length !== 1)', 'if (false)'],
    ['no chain in version 0.3', "if (form === '0.3' && chain !== undefined)", 'if (false)'],
    ['ceiling of log entries', 'arrayOf(decodeLogEntry, MAX_LOG_ENTRIES)', 'arrayOf(decodeLogEntry)'],
    ['names of hashes', "HASHES.get(name ?? '')", "({} as Record<string, HashName>)[name ?? '']"],
  ]),
  ...of('bundles/legacy.ts', [
    ['bare keys as certificates', "if (block.label === 'CERTIFICATE') return", 'if (block.bytes.length > 0) return'],
  ]),
  ...of('../core/identity.ts', [
    ['start of patterns', '`^(?:${pattern})$`', '`(?:${pattern})$`'],
    ['end of patterns', '`^(?:${pattern})$`', '`^(?:${pattern})`'],
    ['parentheses that close ours', 'void new RegExp(pattern, flags);', ''],
    ['absent names', "if (text === '' || ", 'if ('],
    ['long names', ' || text.length > MAX_NAME_CHARACTERS', ''],
  ]),
  ...of('bundles/identity.ts', [
    [
      'newer claims before older',
      'claims.get(ISSUER) ?? claims.get(OLD_ISSUER)',
      'claims.get(OLD_ISSUER) ?? claims.get(ISSUER)',
    ],
    ['claims', 'if (!hasClaims) return undefined;', ''],
    ['issuers', 'isMatch(rule.issuer, issuer) &&', ''],
    ['subjects', '&& isMatch(rule.subject, subject)', ''],
  ]),
  ...of('bundles/examine-certificate.ts', [
    [
      'periods of authorities',
      "return times.every((at) => authority.isValidAt(at)) ? undefined : 'authority-not-valid-at-time';",
      'return undefined;',
    ],
    ['faults of certificates', 'if (fault !== undefined) {\n    const valid', 'if (false) {\n    const valid'],
    ['SCTs', 'if (authority !== undefined && check.scts > 0)', 'if (false)'],
    ['count of SCTs', 'if (logs.length >= scts) return;', 'if (logs.length > 0) return;'],
    [
      'issuers of signers',
      'if (check.trustedRoot.authorities.some(({ ca }) => ca.hasIssued(certificate))) {',
      'if (check.trustedRoot !== undefined) {',
    ],
    ['identities', 'if (found !== undefined) return found;', 'if (true) return identitiesOf(certificate)[0];'],
  ]),
  ...of('bundles/examine-statement.ts', [
    ['types of payloads', 'if (!isInTotoPayloadType(envelope.payloadType))', 'if (false)'],
    [
      'subjects of statements',
      'if (!digests.some((digest) => findSubject(statement, digest) !== undefined))',
      'if (false)',
    ],
    [
      'predicate types',
      'if (predicateType !== undefined && !isPredicateType(statement.predicateType, predicateType))',
      'if (false)',
    ],
  ]),
  ...of('bundles/examine-timestamps.ts', [
    ['timestamp authorities count once', 'new Set(times.map(({ by }) => by)).size', 'times.length'],
  ]),
  ...of('bundles/verify-bundle.ts', [
    ['nobody is not anybody', 'if (count === 0) throw', 'if (false) throw'],
    [
      'signatures',
      'candidates.filter((candidate) => content.isSignedBy(candidate.key, candidate.signature))',
      'candidates',
    ],
    ['keys for identities', "if (who.kind === 'keys') return distinct", 'return distinct'],
    [
      'certificates for keys',
      "  if (who.kind === 'keys') {\n    const message = 'signed with a certificate",
      "  if (false) {\n    const message = 'signed with a certificate",
    ],
    ['roots in bundles', 'if (identity === undefined || hasRoot) return [];', 'if (identity === undefined) return [];'],
    [
      'faulty entries',
      'if (faults.length > 0 || verdict.faults.length > 0 || verdict.log === undefined) continue;',
      'if (verdict.log === undefined) continue;',
    ],
    ['entries about something else', 'if (faults.length > 0 || verdict.faults', 'if (verdict.faults'],
    ['entries that are not proven', 'faults.length > 0 || verdict.faults.length > 0 ||', 'faults.length > 0 ||'],
    ['logs count once', 'good.set(encodeBase64(log.logId),', 'good.set(String(good.size),'],
    ['count of logs', 'if (good.size < threshold) {', 'if (good.size === 0 && threshold > 0) {'],
    ['logs at all', 'if (good.size < threshold) {', 'if (false) {'],
    ['count of timestamps', '  if (authorities < thresholds.timestamps) {', '  if (false) {'],
    ['some time', 'if (times.length === 0 && !reasons.list.some', 'if (false && !reasons.list.some'],
    ['times to come', 'examineTimes(times, requirement.at, reasons);', ''],
    ['periods of logs without time', 'examineLogPeriods(logged.withoutTime, moments, reasons);', ''],
    [
      'periods of logs without any time',
      'const moments = times.length === 0 ? [requirement.at] :',
      'const moments = times.length === 0 ? [] :',
    ],
    ['what the content says', 'return reasons.list.length > 0\n', 'return false\n'],
    ['files are no statements', 'if (requirement.predicateType !== undefined) {', 'if (false) {'],
    ['promises of old forms', "legacy: 'promise', '0.1': 'promise'", "legacy: 'proof', '0.1': 'proof'"],
    ['proofs of new forms', "'0.2': 'proof', '0.3': 'proof'", "'0.2': 'promise', '0.3': 'promise'"],
  ]),
  ...of('images/verify.ts', [
    ['attestations are no signatures', 'if (statement.predicateType !== SIGN_PREDICATE) {', 'if (false) {'],
    [
      'digests in payloads',
      'if (payload.digest !== requirement.artifact && requirement.unsafeAnyArtifact !== true) {',
      'if (false) {',
    ],
    ['subjects of images', 'if (subject !== undefined) return subject;', 'return subject;'],
    ['annotations', 'if (Object.hasOwn(found, key) && found[key] === value) continue;', 'continue;'],
    ['types of attestations', 'if (isPredicateType(found, wanted)) return;', 'return;'],
    ['types of envelopes', 'if (!isInTotoPayloadType(envelope.payloadType)) {', 'if (false) {'],
  ]),
  ...of('images/signers.ts', [
    [
      'nobody is not anybody in images',
      "if (by.kind === 'keys' && by.keys.length === 0)\n    throw",
      'if (false)\n    throw',
    ],
    ['keys of payloads', '.filter((key) => key.verify(content, signature))', ''],
    ['certificates for keys in images', "if (bundle.material.kind === 'certificate') throw", 'if (false) throw'],
    [
      'proofs of images',
      "if (proof.kind === 'proven') return",
      "if (true) return [];\n  if (proof.kind === 'proven') return",
    ],
  ]),
  ...of('roots/own-authorities.ts', [
    ['named services', 'if (host === undefined) return entries;', 'return entries;'],
    ['own authorities in place of others', '...root,\n    ...(paths', '...root,\n    ...(false && paths'],
  ]),
  ...of('../policies/evaluate.ts', [
    ['evidence for another authority', '&& item.demand === signer.id', ''],
    ['evidence about another digest', 'item.artifact === matter.subject.digest &&', ''],
  ]),
];

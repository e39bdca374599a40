/** Cases of OPA's suite that fail, with the reason. The test fails when one of them starts to pass. */
const GROUPS: readonly { readonly reason: string; readonly notes: readonly string[] }[] = [
  {
    reason: 'the case needs a function that only the test program of OPA has',
    notes: ['time/time caching'],
  },
  {
    reason:
      'private keys have no place in policies: `crypto.x509.parse_keypair` and `crypto.parse_private_keys` are left out',
    notes: [
      'cryptoX509ParseKeyPairs/PEM_encoded_string_cert_and_key',
      'cryptoX509ParseKeyPairs/base64_encoded_string_cert_and_key',
      'cryptoparseprivatekey/valid',
      'cryptoparseprivatekey/invalid',
    ],
  },
  {
    reason: 'keys of base documents are strings, of which OPA finds one also by a number',
    notes: ['data/toplevel integer', 'data/nested integer'],
  },
  {
    reason:
      '`http.send`, `net.lookup_ip_addr` and `opa.runtime` reach outside, and are refused by name also where `with` replaces them',
    notes: [
      'invalidkeyerror/invalid keys',
      'invalidkeyerror/missing keys',
      'net.lookup_ip_addr/simple ip4 returns that ip4',
      'net.lookup_ip_addr/simple ip6 returns that ip6',
      'net.lookup_ip_addr/localhost',
      'withkeyword/builtin: http.send example',
      'withkeyword/builtin: nested, multiple mocks',
      'withkeyword/builtin-builtin: arity 0',
    ],
  },
  {
    reason: '`rego.parse_module` is left out: it shows the syntax tree of OPA itself',
    notes: ['regoparsemodule/ok', 'regoparsemodule/error'],
  },
  {
    reason:
      'queries of GraphQL are read but not held against schemas: `graphql.is_valid`, `graphql.parse` and `graphql.parse_and_verify` are left out',
    notes: [
      'graphql_is_valid/success extending non-existent types',
      'graphql_is_valid/success validation rules are independent case 1',
      'graphql_is_valid/success validation rules are independent case 2',
      'graphql_is_valid/success deprecating types',
      'graphql_is_valid/success no unused variables',
      'graphql_is_valid/success - AST objects - Employee example',
      'graphql_is_valid/undefined argument',
      'graphql_is_valid/undefined argument schema ast',
      'graphql_parse_and_verify/success extending non-existent types',
      'graphql_parse_and_verify/success validation rules are independent case 1',
      'graphql_parse_and_verify/success validation rules are independent case 2',
      'graphql_parse_and_verify/success deprecating types',
      'graphql_parse_and_verify/success no unused variables',
      'graphql_parse_and_verify/success - AST objects - Employee example',
      'graphql_parse/success extending non-existent types',
      'graphql_parse/failure validation rules are independent case 1',
      'graphql_parse/success validation rules are independent case 2',
      'graphql_parse/success deprecating types',
      'graphql_parse/success no unused variables',
      'graphql_parse/success - AST objects - Employee example',
    ],
  },
];

/** Name of the case -> reason. */
export const EXCEPTIONS: ReadonlyMap<string, string> = new Map(
  GROUPS.flatMap(({ reason, notes }) => notes.map((note): [string, string] => [note, reason])),
);

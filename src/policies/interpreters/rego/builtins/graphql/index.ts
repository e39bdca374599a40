/** GraphQL: reading queries and schemas, and whether schemas are sound. Queries are not held against schemas. */
import { faultsOf } from '../../fault.ts';
import { fromJson, toJson } from '../../json.ts';
import { RegoObject } from '../../value.ts';
import type { RegoValue } from '../../value.ts';
import { textAt } from '../operands.ts';
import type { Args, Builtins } from '../operands.ts';
import { parseGraphqlQuery, parseGraphqlSchema } from './parser.ts';
import type { Node } from './parser.ts';
import { checkGraphqlSchema } from './schema.ts';

function isSchema(args: Args): RegoValue {
  const [schema] = args;
  if (typeof schema !== 'string' && !(schema instanceof RegoObject)) return false;
  try {
    checkGraphqlSchema(typeof schema === 'string' ? parseGraphqlSchema(schema) : (toJson(schema) as Node));
    return true;
  } catch (error) {
    if (faultsOf(error)?.[0].code !== 'eval_builtin_error') throw error;
    return false;
  }
}

export const GRAPHQL: Builtins = {
  'graphql.parse_query': (args) => fromJson(parseGraphqlQuery(textAt(args, 0))),
  'graphql.parse_schema': (args) => fromJson(parseGraphqlSchema(textAt(args, 0))),
  'graphql.schema_is_valid': isSchema,
};

/**
 * Schemas of custom resources (OpenAPI 3, structural), short to write. Objects keep fields that nobody knows: a field that the API server
 * drops is one that we cannot refuse, and a misspelt condition must not be one that is not there.
 */
export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
/** An object of any fields. */
export const anyObject: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

export function fields(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return { ...anyObject, properties, ...(required.length === 0 ? {} : { required }) };
}

export function listOf(items: Schema, more: Schema = {}): Schema {
  return { type: 'array', items, ...more };
}

export function choice(...values: readonly string[]): Schema {
  return { type: 'string', enum: values };
}

import { parse } from 'yaml';
import { AppError, arrayOf, isRecord, mismatch, SETTINGS, string } from '../core/index.ts';
import type { SettingName, SettingValues } from '../core/index.ts';

/** A YAML file of settings by name. Throws `invalid-input` for malformed YAML, an unknown name or a value of the wrong type. */
export function parseConfig(bytes: Uint8Array, path: string): SettingValues {
  const document = parseYaml(bytes, path);
  if (document === null) return {};
  if (!isRecord(document)) throw mismatch(path, 'a map of settings', document);
  const values: Record<string, string | number | readonly string[]> = {};
  for (const [name, value] of Object.entries(document)) values[name] = decodeSetting(name, value, path);
  return values;
}

function parseYaml(bytes: Uint8Array, path: string): unknown {
  try {
    return parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new AppError('invalid-input', `${path}: expected YAML, ${reason}`, { cause });
  }
}

function decodeSetting(name: string, value: unknown, path: string): string | number | readonly string[] {
  if (!Object.hasOwn(SETTINGS, name)) {
    const known = Object.keys(SETTINGS).join(', ');
    throw new AppError('invalid-input', `${path}.${name}: unknown setting, expected one of ${known}`);
  }
  const { kind } = SETTINGS[name as SettingName];
  if (kind === 'list') return arrayOf(string)(value, `${path}.${name}`);
  if (kind === 'path') return string(value, `${path}.${name}`);
  if (typeof value !== 'number') throw mismatch(`${path}.${name}`, 'a number', value);
  return value;
}

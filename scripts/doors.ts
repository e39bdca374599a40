/**
 * A room's `index.ts` is its door; whoever goes through it at run time would load all that lies behind. In the bundle every import of a door
 * becomes one of the files where the names are made, so that a command pays for what it uses alone.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

interface Place {
  readonly name: string;
  readonly path: string;
}

const IMPORT = /^import \{([^}]*)\} from '(\.[^']*)';/gm;
const EXPORT = /^export \{([^}]*)\} from '(\.[^']*)';/gm;

const doors = new Map<string, ReadonlyMap<string, Place>>();

/** The text of a source with its imports of doors led on. */
export function openDoors(text: string, path: string): string {
  return text.replaceAll(IMPORT, (statement: string, list: string, from: string) => {
    const door = resolve(dirname(path), from);
    if (basename(door) !== 'index.ts') return statement;
    return namesOf(list)
      .map(([name, local]) => {
        const place = follow({ name, path: door });
        return `import { ${place.name} as ${local} } from ${JSON.stringify(place.path)};`;
      })
      .join(' ');
  });
}

function follow(place: Place): Place {
  const next = basename(place.path) === 'index.ts' ? exportsOf(place.path).get(place.name) : undefined;
  return next === undefined ? place : follow(next);
}

function exportsOf(door: string): ReadonlyMap<string, Place> {
  const known = doors.get(door);
  if (known !== undefined) return known;
  const places = [...readFileSync(door, 'utf8').matchAll(EXPORT)].flatMap(([, list = '', from = '']) =>
    namesOf(list).map(([name, outer]) => [outer, { name, path: resolve(dirname(door), from) }] as const),
  );
  const exported = new Map(places);
  doors.set(door, exported);
  return exported;
}

/** `a, b as c, type D`: the names there and here; types are nothing at run time. */
function namesOf(list: string): readonly (readonly [string, string])[] {
  return list
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '' && !word.startsWith('type '))
    .map((word) => {
      const [name = '', other = name] = word.split(' as ');
      return [name, other] as const;
    });
}

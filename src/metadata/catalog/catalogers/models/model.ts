/** A model as a component: from Hugging Face where it says so, else known by name alone. */
import type { FileEntry } from '../../../../core/index.ts';
import type { PurlParts } from '../../../ecosystem/index.ts';
import type { Finds } from '../../components.ts';

interface Model {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly licence: string | undefined;
  readonly author: string | undefined;
  /** Address, or `owner/name` on Hugging Face. */
  readonly repository: string | undefined;
  readonly properties: Readonly<Record<string, string | undefined>>;
}

export function addModel(finds: Finds, file: FileEntry, model: Model): void {
  const fileName = file.path.slice(file.path.lastIndexOf('/') + 1);
  const name = model.name || fileName.replace(/(?:-\d+-of-\d+)?\.[^.]+$/, '');
  const version = model.version ?? '';
  const properties = Object.entries(model.properties).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [[`model:${key}`, value] as const],
  );
  finds.add(file, {
    name,
    version,
    kind: 'file',
    purl: findHuggingFace(model.repository) ?? { type: 'generic', name, version },
    licences: model.licence === undefined || model.licence === '' ? [] : [model.licence],
    ...(model.author === undefined || model.author === '' ? {} : { supplier: model.author }),
    properties: Object.fromEntries(properties.toSorted(([a], [b]) => (a < b ? -1 : 1))),
  });
}

/** A version there is a commit, which the header does not tell. */
function findHuggingFace(repository: string | undefined): PurlParts | undefined {
  const [, namespace, name] =
    /^(?:https:\/\/(?:huggingface\.co|hf\.co)\/)?([\w.-]+)\/([\w.-]+)\/?$/.exec(repository ?? '') ?? [];
  return name === undefined ? undefined : { type: 'huggingface', namespace, name };
}

/** HTML in which every text is escaped unless it is itself made by `html`. The result is well-formed XML, too. */
import { escapeXml } from '../../../core/index.ts';

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | undefined | readonly (Markup | string)[];

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    strings.map((text, index) => `${text}${index < parts.length ? textOf(parts[index]) : ''}`).join(''),
  );
}

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  return typeof part === 'object' ? part.map(textOf).join('') : escapeXml(String(part));
}

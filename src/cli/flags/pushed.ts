/** How commands that push tell what they pushed: the reference by digest, or the fields that oras has for it; and remarks. */
import type { Pushed } from '../../app/push-artifact.ts';
import type { Context } from '../command.ts';

export function reportPushed({ output }: Context, { reference, descriptor, tags = [], ...facts }: Pushed): void {
  const [name = ''] = reference.split('@');
  const tagged = tags.map((tag) => `${name}:${tag}`);
  const value = { reference, ...descriptor, ...facts, ...(tagged.length === 0 ? {} : { referenceAsTags: tagged }) };
  for (const remark of facts.remarks ?? []) output.note(remark);
  output.result(value, reference);
}

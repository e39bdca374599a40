/** What commands that make new images share. */
export const OUTPUT_FLAG = {
  kind: 'string',
  short: 'o',
  value: 'FILE',
  description: 'docker archive to write, instead of pushing; oci:PATH or oci-archive:PATH for other forms',
} as const;

/** A plain path is a docker archive, as crane has it. */
export function archiveTarget(output: string): string {
  return /^(?:oci|oci-dir|oci-archive|docker-archive):/.test(output) ? output : `docker-archive:${output}`;
}

/** Commas part words, as crane has it. */
export function splitWords(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => text.split(','));
}

/** `a=1,b=2` is two pairs where there is more than one `=`, as crane has it; a value alone keeps its commas. */
export function splitPairs(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => {
    const parts = text.split(',');
    return parts.length > 1 && parts.every((part) => part.includes('=')) ? parts : [text];
  });
}

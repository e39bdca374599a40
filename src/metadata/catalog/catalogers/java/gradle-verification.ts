/** gradle/verification-metadata.xml: which artifacts a build may fetch, with their checksums. */
import { parseXml } from '../../../../core/index.ts';
import type { XmlElement } from '../../../../core/index.ts';
import { MAX_DATABASE_BYTES } from '../../cataloger.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import { textOf } from '../../components.ts';
import { mavenPackage } from './maven.ts';

export const gradleVerification = createFileCataloger({
  id: 'gradle-verification',
  evidence: 'lock',
  names: ['verification-metadata.xml'],
  isChosen: () => true,
  read: ({ content, file, finds }) => {
    const components = parseXml(textOf(content), {
      what: file.path,
      maxLength: MAX_DATABASE_BYTES,
    }).children.filter(({ name }) => name === 'components');
    for (const component of components.flatMap(({ children }) => children)) {
      const { group = '', name = '', version = '' } = component.attributes;
      const found = component.name === 'component' ? mavenPackage(group, name, version) : undefined;
      if (found !== undefined) finds.add(file, { ...found, hashes: hashesOf(component, `${name}-${version}.jar`) });
      else
        finds.skip(
          file,
          `expected group, name and version of a component, found ${JSON.stringify(`${group}:${name}:${version}`.slice(0, 80))}`,
        );
    }
  },
});

/** Of the archive itself, not of its POM. */
function hashesOf(
  component: XmlElement,
  archive: string,
): readonly { readonly algorithm: 'sha256'; readonly value: string }[] {
  const artifact = component.children.find((child) => child.attributes.name === archive);
  const values = (artifact?.children ?? []).flatMap((child) =>
    child.name === 'sha256' ? [child.attributes.value ?? ''] : [],
  );
  return values.length === 1 && /^[0-9a-f]{64}$/.test(values[0] ?? '')
    ? [{ algorithm: 'sha256', value: values[0] ?? '' }]
    : [];
}

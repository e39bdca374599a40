/** gradle.lockfile: `group:artifact:version=configurations`. It does not say who needs whom. */
import { createFileCataloger } from '../../file-cataloger.ts';
import { locationOf, textOf } from '../../components.ts';
import { mavenPackage } from './maven.ts';

/** Configurations that are in no product. */
const DEVELOPMENT = /test|annotationProcessor|checkstyle|spotbugs|pmd|jacoco|detekt|ktlint|lint/i;

export const gradleLock = createFileCataloger({
  id: 'gradle-lock',
  evidence: 'lock',
  names: ['gradle.lockfile', 'buildscript-gradle.lockfile'],
  isChosen: () => true,
  read: ({ content, file, finds }) => {
    for (const [index, line] of textOf(content).split(/\r?\n/).entries()) {
      const [, group = '', artifact = '', version = '', configurations = ''] =
        /^\s*([^\s#:=]+):([^\s:=]+):([^\s:=]+)=(.*)$/.exec(line) ?? [];
      const found = mavenPackage(group, artifact, version);
      if (found === undefined) continue;
      const isDevelopment = configurations.split(',').every((name) => DEVELOPMENT.test(name));
      finds.add(file, {
        ...found,
        scope: isDevelopment ? 'development' : 'runtime',
        locations: [{ ...locationOf(file), lines: [index + 1, index + 1] }],
      });
    }
  },
});

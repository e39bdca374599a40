/** build.sbt.lock of the sbt-dependency-lock plug-in. */
import { parseJson, recordsOf } from '../../../../core/index.ts';
import { MAX_DATABASE_BYTES } from '../../cataloger.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import { onlyHash, recordOf, textOr, textsOf } from '../../values.ts';
import { mavenPackage } from './maven.ts';

export const sbtLock = createFileCataloger({
  id: 'sbt-lock',
  evidence: 'lock',
  names: ['build.sbt.lock'],
  isChosen: () => true,
  read: ({ content, file, finds }) => {
    const lock = recordOf(parseJson(content, { what: file.path, maxBytes: MAX_DATABASE_BYTES }));
    for (const raw of recordsOf(lock.dependencies)) {
      const found = mavenPackage(textOr(raw.org, ''), textOr(raw.name, ''), textOr(raw.version, ''));
      const configurations = textsOf(raw.configurations);
      const isTest = configurations.length > 0 && configurations.every((name) => /test/i.test(name));
      if (found === undefined) finds.skip(file, 'expected org, name and version of a dependency, found none');
      else
        finds.add(file, {
          ...found,
          scope: isTest ? 'development' : 'runtime',
          hashes: onlyHash(recordsOf(raw.artifacts).map(({ hash }) => hash)),
        });
    }
  },
});

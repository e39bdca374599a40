/** Java: archives and machines that are installed before what builds ask for. */
import type { Cataloger } from '../../cataloger.ts';
import { graalvmNative } from './graalvm-native.ts';
import { gradleCatalog } from './gradle-catalog.ts';
import { gradleLock } from './gradle-lock.ts';
import { gradleVerification } from './gradle-verification.ts';
import { javaArchive } from './java-archive.ts';
import { jvm } from './jvm.ts';
import { pom } from './pom.ts';
import { sbtLock } from './sbt-lock.ts';

export const javaCatalogers: readonly Cataloger[] = [
  javaArchive,
  graalvmNative,
  jvm,
  gradleLock,
  gradleVerification,
  gradleCatalog,
  sbtLock,
  pom,
];

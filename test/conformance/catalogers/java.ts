import type { EcosystemCases } from './table.ts';

export const java: EcosystemCases = {
  treatAs: {
    '*.jar|war|ear|par': 'opt/app/{name}',
    'build.sbt.lock': 'app/build.sbt.lock',
    'gradle.lockfile': 'app/gradle.lockfile',
    gradlelockfile: 'app/gradle.lockfile',
    gradleverificationmetadataxml: 'app/gradle/verification-metadata.xml',
    gradleversioncatalog: 'app/gradle/libs.versions.toml',
    'pom.xml': 'app/pom.xml',
    pomxml: 'app/pom.xml',
  },
  apart: [[/oracle-jdk-se-8_usr/, 'usr/lib/jvm/jdk-1.8-oracle-x64/release']],
  exceptions: {
    'scalibr-java_gradleverificationmetadataxml_missing-attribute.xml':
      'group, name and version of a component are required (gradle.org, dependency-verification-1.3.xsd); what lacks one is named as skipped',
    'scalibr-java_pomxml_interpolation.xml':
      'a range names no version: which one is taken, only the repository tells (maven.apache.org, "Dependency Version Requirement Specification")',
    'scalibr-java_pomxml_with-parent.xml': 'the parent that names org.dave:dave is not among the files of the case',
  },
  notYet: [],
};

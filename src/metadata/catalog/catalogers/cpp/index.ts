/** C and C++: what is built or installed before what a project wants. */
import type { Cataloger } from '../../cataloger.ts';
import { conanFile, conanInfo } from './conan-files.ts';
import { conanLock } from './conan-lock.ts';
import { vcpkgInstalled, vcpkgManifest } from './vcpkg.ts';

export const cppCatalogers: readonly Cataloger[] = [conanInfo, vcpkgInstalled, conanLock, conanFile, vcpkgManifest];

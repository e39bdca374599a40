import type { EcosystemCases } from './table.ts';

export const dotnet: EcosystemCases = {
  treatAs: {
    csproj: 'app/app.csproj',
    depsjson: 'app/app.deps.json',
    dotnetpe: 'app/{name}',
    nugetcpm: 'app/Directory.Packages.props',
    packagesconfig: 'app/packages.config',
    'packages.config': 'app/packages.config',
    packageslockjson: 'app/packages.lock.json',
    'packages.lock.json': 'app/packages.lock.json',
    projectassetsjson: 'app/obj/project.assets.json',
    'Directory.Packages.props': 'app/Directory.Packages.props',
  },
  notYet: [],
};

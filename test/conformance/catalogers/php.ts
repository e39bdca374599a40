import type { EcosystemCases } from './table.ts';

export const php: EcosystemCases = {
  treatAs: { composerlock: 'app/composer.lock', 'composer.lock': 'app/composer.lock' },
  cases: [
    [/\.reg$/, 'usr/share/php/.registry/.channel.pecl.php.net/memcached.reg'],
    [/installed\.json$/, 'app/vendor/composer/installed.json'],
  ],
  notYet: [],
};

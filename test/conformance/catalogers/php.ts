import type { EcosystemCases } from './table.ts';

export const php: EcosystemCases = {
  notYet: [
    'scalibr-php_composerlock_drupal-packages.json',
    'scalibr-php_composerlock_null.jsontest',
    'scalibr-php_composerlock_one-package-dev.json',
    'scalibr-php_composerlock_two-packages.json',
    'syft-php_composer.lock',
    'syft-php_memcached-v5-format.reg',
    'syft-php_memcached-v6-format.reg',
    'trivy-php_composer_composer-vendor_happy_installed.json',
    'trivy-php_composer_composer-vendor_sad_installed.json',
    'trivy-php_composer_composer_happy',
    'trivy-php_composer_composer_happy.lock',
    'trivy-php_composer_composer_no-composer-json',
    'trivy-php_composer_composer_with-dev',
  ],
};

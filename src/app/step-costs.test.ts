import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataSet, needsSharedData } from '../../test/shared-data.ts';
import { createTestPorts } from '../io/testing.ts';
import { createSbom } from './sbom.ts';
import { createStepCosts } from './step-costs.ts';

test(
  'the cost of an SBOM is told by layer and by cataloger; a layer that is known says so',
  needsSharedData,
  async () => {
    const ports = createTestPorts();
    const costsOf = async () => {
      const { timeStep, list } = createStepCosts();
      await createSbom(ports, join(dataSet('goldens'), 'images/alpine-310.tar.gz'), { timeStep });
      return list();
    };
    const [first, second] = [await costsOf(), await costsOf()];
    for (const [costs, isKnown] of [
      [first, false],
      [second, true],
    ] as const) {
      const layers = costs.filter(({ kind }) => kind === 'layer');
      assert.deepEqual(
        layers.map(({ isCached, size }) => [isCached, size > 1_000_000]),
        [[isKnown, true]],
      );
      assert.ok(costs.some(({ kind, name, size }) => kind === 'cataloger' && name === 'apk' && size === 1));
      assert.ok(!costs.some(({ name }) => name === 'dpkg'), 'a cataloger without files costs nothing');
      const times = costs.map(({ milliseconds }) => milliseconds);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
    }
  },
);

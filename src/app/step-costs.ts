/** Milliseconds of each step of a scan, in the order in which they end. Steps that run at the same time count each for itself. */
import type { Step, TimeStep } from '../core/index.ts';

export interface StepCost extends Step {
  readonly milliseconds: number;
}

export interface StepCosts {
  readonly timeStep: TimeStep;
  /** Costliest first; catalogers that had nothing to read are left out. */
  readonly list: () => readonly StepCost[];
}

export function createStepCosts(): StepCosts {
  const costs: StepCost[] = [];
  return {
    timeStep: async (work, describe) => {
      const start = performance.now();
      const result = await work();
      costs.push({ ...describe(result), milliseconds: Math.round((performance.now() - start) * 10) / 10 });
      return result;
    },
    list: () => costs.filter(({ size }) => size > 0).sort((a, b) => b.milliseconds - a.milliseconds),
  };
}

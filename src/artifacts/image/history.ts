/** What the history of an image's configuration tells of its layers: the instruction that made each, and where the base may end. */
import type { ImageConfig, ImageHistory } from './image.ts';

type WithHistory = Pick<ImageConfig, 'history' | 'diffIds'>;

/**
 * The step that made each layer, lowest first. Undefined where there are not as many steps with a layer as layers: then nobody knows
 * which belongs to which, and a wrong one is worse than none.
 */
export function stepsOf({ history, diffIds }: WithHistory): readonly string[] | undefined {
  const steps = history.filter(({ isEmptyLayer }) => !isEmptyLayer).map(({ createdBy }) => createdBy);
  return steps.length === diffIds.length ? steps : undefined;
}

/** As the Dockerfile has it: without the shell, the values of build arguments, and the remarks that builders add. */
export function instructionOf(createdBy: string): string {
  const text = createdBy.replace(/ # buildkit$/, '').trim();
  const noOperation = /^\/bin\/sh -c #\(nop\)\s*([^]*)$/.exec(text)?.[1];
  if (noOperation !== undefined) return noOperation;
  const command = /^(?:RUN )?(?:\|\d+ [^]*?)?\/bin\/sh -c ([^]*)$/.exec(text)?.[1];
  return command === undefined ? text : `RUN ${command.trim()}`;
}

/**
 * How many of the lower layers are of the base image, by the one trace that a base leaves: the CMD or ENTRYPOINT that ended its own build
 * and that further layers follow. A guess: undefined where there is no such trace, and wrong for a Dockerfile that says its command early.
 */
export function guessBaseLayers(config: WithHistory): number | undefined {
  if (stepsOf(config) === undefined) return undefined;
  const { history } = config;
  const last = history.findLastIndex(({ isEmptyLayer }) => !isEmptyLayer);
  const end = history.slice(0, Math.max(last, 0)).findLastIndex(isCommand);
  const layers = history.slice(0, end + 1).filter(({ isEmptyLayer }) => !isEmptyLayer).length;
  return layers === 0 ? undefined : layers;
}

function isCommand({ isEmptyLayer, createdBy }: ImageHistory): boolean {
  return isEmptyLayer && /^(?:CMD|ENTRYPOINT)\b/.test(instructionOf(createdBy));
}

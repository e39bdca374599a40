/** An image with all its layers in one; what was built into it and deleted again is gone. */
import type { Ports } from '../core/index.ts';
import { editImage, type Edit, type EditInput } from './edit-image.ts';
import { fileSystemOf } from './export-image.ts';
import { pushLayer, withLayer } from './layer-file.ts';
import { createdAt, type Pushed } from './push-artifact.ts';

/** The one entry of the new history keeps the old one as its comment. */
export async function flattenImage(ports: Ports, input: EditInput, signal: AbortSignal): Promise<Pushed> {
  const created = createdAt(ports);
  const flatten: Edit = async (image, parts, to) =>
    await withLayer(ports, fileSystemOf(ports, image, signal), async (layer) => {
      await pushLayer(ports, to, layer, signal);
      const entry = {
        created,
        created_by: `plimsoll flatten ${image.descriptor.digest}`,
        comment: JSON.stringify(parts.history),
      };
      return { ...parts, layers: [layer], history: [entry] };
    });
  return await editImage(ports, input, flatten, signal);
}

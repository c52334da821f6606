import type { NodeView } from '../../../shared/models/fleet.ts';
import type { AcquireFleet } from './model.ts';

/** The longest list of nodes that are probed more often for one caller. */
const MOST_NODES = 16;

/** Probes nodes more often for as long as a caller waits for one of them. `gpu`: for one with a GPU. */
export function probeOften(
  fleet: Pick<AcquireFleet, 'probeOften'>,
  nodes: readonly Pick<NodeView, 'id' | 'url' | 'hasGpu'>[],
  { gpu }: { gpu: boolean },
): Disposable {
  const probing = nodes
    .filter(({ url, hasGpu }) => url !== null && !(gpu && hasGpu === false))
    .slice(0, MOST_NODES)
    .map(({ id }) => fleet.probeOften(id));
  return {
    [Symbol.dispose]() {
      for (const one of probing) one[Symbol.dispose]();
    },
  };
}

/** Acquire over a fleet, leases and a placement that live in memory. */

import { createInFlight } from '../../electron/core/acquire/in-flight.ts';
import type { AcquirePlacement, AcquireRequest, AcquireWakes } from '../../electron/core/acquire/model.ts';
import { createAcquireService } from '../../electron/core/acquire/service.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import type { NodeView } from '../../shared/models/fleet.ts';
import { plainText } from '../../shared/models/message.ts';
import { textOf } from '../../shared/text/index.ts';
import { createFakeClock } from './clock.ts';
import { createFakeFleet, createFakeLeases, digest, modelName, silentLog } from './indexing.ts';

export function createAcquireWorld(nodes: NodeView[]) {
  const clock = createFakeClock();
  const fleet = createFakeFleet(nodes);
  const inFlight = createInFlight({ clock });
  /** `+ node kind purpose` and `- …`, as they happen. */
  const leases: string[] = [];
  const held = createFakeLeases((nodeId, reason) => {
    leases.push(`+ ${nodeId} ${textOf(reason)}`);
    return { [Symbol.dispose]: () => void leases.push(`- ${nodeId} ${textOf(reason)}`) };
  });
  const world = {
    clock,
    fleet,
    inFlight,
    leases,
    kinds: [] as string[],
    power: {
      ensureAwake: () => Promise.reject(new PilotlightError('CANNOT_WAKE')),
    } as AcquireWakes,
    placement: {
      ensureOnGpu: async () => ({ placement: 'gpu', reason: plainText('It fits.') }),
    } as AcquirePlacement,
    woken: [] as string[],
    placed: [] as string[],
    /** What a machine does when it is woken, from then on. */
    wakesUp(after: Partial<NodeView> = {}) {
      world.power.ensureAwake = async (nodeId, { signal }) => {
        await clock.sleep(20_000, signal);
        fleet.patch(nodeId, { state: 'serving', ...after });
        return fleet.get(nodeId) as NodeView;
      };
    },
    request(own: Partial<AcquireRequest> = {}): AcquireRequest {
      return {
        model: { name: modelName, digest },
        purpose: plainText('a test'),
        by: 'request',
        signal: new AbortController().signal,
        ...own,
      };
    },
  };
  const service = createAcquireService({
    clock,
    log: silentLog,
    fleet,
    leases: {
      hold(request) {
        world.kinds.push(request.kind);
        return held.hold(request);
      },
      get: held.get,
    },
    wakes: {
      ensureAwake(nodeId, options) {
        world.woken.push(`${nodeId} ${options.by}`);
        return world.power.ensureAwake(nodeId, options);
      },
    },
    placement: {
      ensureOnGpu(request) {
        world.placed.push(`${request.nodeId} ${request.model} ${request.by}`);
        return world.placement.ensureOnGpu(request);
      },
    },
    inFlight,
  });
  return { ...world, world, acquire: service.acquire, service };
}

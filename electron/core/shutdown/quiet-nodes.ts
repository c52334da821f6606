/** Keeps new requests away from a machine that is about to go off or whose server is about to be restarted. */
import type { FleetService } from '../fleet/service.ts';

/** New requests for these models wait or go elsewhere until disposed. Resolves when those before are in flight. */
export type HoldBack = (nodeId: string, models: readonly string[]) => Promise<Disposable>;

export interface QuietNodes {
  /** Holds back the requests for every model of the node. */
  hold(nodeId: string): Promise<Disposable>;
  /** Keeps it so until `release`. */
  keep(nodeId: string, held: Disposable): void;
  /** The machine is off, or stays on after all. */
  release(nodeId: string): void;
}

export function createQuietNodes({
  fleet,
  holdBack,
}: {
  fleet: Pick<FleetService, 'get'>;
  holdBack: HoldBack;
}): QuietNodes {
  const kept = new Map<string, Disposable>();

  function release(nodeId: string): void {
    kept.get(nodeId)?.[Symbol.dispose]();
    kept.delete(nodeId);
  }

  return {
    hold(nodeId) {
      const node = fleet.get(nodeId);
      const names = [...(node?.installed ?? []), ...(node?.loaded ?? [])].map(({ name }) => name);
      return holdBack(nodeId, [...new Set(names)]);
    },
    keep(nodeId, held) {
      release(nodeId);
      kept.set(nodeId, held);
    },
    release,
  };
}

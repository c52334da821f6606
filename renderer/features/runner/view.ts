/** The part of the Runner page that is open, and its runner, both in the address. Pure. */
import type { RunnerPart } from '../shell/route.ts';

export interface RunnerAddress {
  part: RunnerPart;
  /** The runner that is asked for; null for all. */
  nodeId: string | null;
}

export function readAddress(hash: string): RunnerAddress {
  const query = new URLSearchParams(hash.split('?')[1] ?? '');
  const view = query.get('view');
  const nodeId = query.get('on');
  return {
    part: view === 'models' || view === 'try' ? view : 'runners',
    nodeId: nodeId === '' ? null : nodeId,
  };
}

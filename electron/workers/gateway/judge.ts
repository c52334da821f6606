/** What an answer says about its node. */
import type { FailureKind } from '../../core/acquire/failure.ts';
import type { RelayEnd } from './relay.ts';
import type { GatewayState } from './state.ts';

type Judging = Pick<GatewayState, 'health' | 'traffic'>;

/** @param isOnly there is no other node to turn to: a server error does not exclude this one then */
export function judge(state: Judging, nodeId: string, end: RelayEnd, isOnly: boolean): void {
  if (end.kind === 'gone') return;
  if (end.kind === 'answered' && end.failure === null) {
    change(state, nodeId, () => state.health.succeeded(nodeId));
  } else if (end.failure !== null && (end.failure !== 'server' || !isOnly))
    judgeFailure(state, nodeId, end.failure);
}

export function judgeFailure(state: Judging, nodeId: string, failure: FailureKind): void {
  change(state, nodeId, () => void state.health.failed(nodeId, failure));
}

function change({ health, traffic }: Judging, nodeId: string, act: () => void): void {
  const before = health.breaker(nodeId);
  act();
  if (health.breaker(nodeId) !== before) traffic.touch(nodeId);
}

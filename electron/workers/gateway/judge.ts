import type { RelayEnd } from './relay.ts';
import type { GatewayState } from './state.ts';

/** What the answer says about the node. With no other to turn to, a server error does not exclude it. */
export function judge(
  { health, traffic }: Pick<GatewayState, 'health' | 'traffic'>,
  nodeId: string,
  end: RelayEnd,
  isOnly: boolean,
): void {
  if (end.kind === 'gone') return;
  const before = health.breaker(nodeId);
  if (end.kind === 'answered' && end.failure === null) health.succeeded(nodeId);
  else if (end.failure !== null && (end.failure !== 'server' || !isOnly)) health.failed(nodeId, end.failure);
  if (health.breaker(nodeId) !== before) traffic.touch(nodeId);
}

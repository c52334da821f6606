/** Everything that is checked, and waited for, before a move changes anything on the server. */
import { fact } from '../../../shared/models/message.ts';
import type { DescribedModel } from '../../../shared/models/placement.ts';
import { decideEarly, decideMove, type MoveFacts, refusal } from './decide-move.ts';
import type { MoveDependencies, MovePlan, MoveRequest, MoveResult, Snapshot } from './move.ts';

export type Prepared =
  /** There is nothing to do, or nothing may be done. */
  | { kind: 'done'; result: MoveResult }
  /** `waited`: requests had to finish first, so the snapshot is out of date. */
  | { kind: 'go'; plan: MovePlan; waited: boolean };

export async function prepareMove(
  deps: MoveDependencies,
  request: MoveRequest,
  before: Snapshot,
  signal: AbortSignal,
): Promise<Prepared> {
  const early = decideEarly(factsOf(deps), request, before);
  if (early !== null) return early;
  const described = await describe(request, signal);
  const decision = decideMove(factsOf(deps), request, before, described);
  if (decision.kind === 'done') return decision;
  const { concerned, plan } = decision;
  await deps.holdBack(concerned);
  const waited = concerned.some((name) => deps.inFlight(name) > 0);
  if (await deps.drain(concerned, signal)) return { kind: 'go', plan, waited };
  const models = concerned.filter((name) => deps.inFlight(name) > 0);
  return {
    kind: 'done',
    result: refusal(before, 'MODEL_BUSY', fact('ANSWERING_REQUESTS', { models })),
  };
}

/** Read when it is called: what is known may change while a move waits. */
export function factsOf(
  deps: Pick<
    MoveDependencies,
    'clock' | 'pinned' | 'isPriority' | 'inFlight' | 'blocked' | 'explicitFailed' | 'lastSizeBytes'
  >,
): MoveFacts {
  const { isPriority, inFlight, explicitFailed, lastSizeBytes } = deps;
  return {
    now: deps.clock.now(),
    pinned: deps.pinned,
    isPriority,
    inFlight,
    blocked: deps.blocked(),
    explicitFailed,
    lastSizeBytes,
  };
}

/** The server's description of the model; null if it has none, since the server then chooses the layers. */
export async function describe(request: MoveRequest, signal: AbortSignal): Promise<DescribedModel | null> {
  try {
    return await request.server.describe(request.model, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && 'code' in error && error.code === 'SERVER_ERROR') return null;
    throw error;
  }
}

/** Whether a request is served by a machine that is awake, waits for one to wake, or is refused. */
import { fact } from '../../../shared/models/message.ts';
import { printable } from '../../../shared/printable.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { GatewayTable } from '../../core/gateway/model.ts';
import { type CallKind, decideWake, type WakeRefusal } from '../../core/gateway/wake-policy.ts';
import type { Endpoint } from './endpoints.ts';
import { begin, type HeldRequest, hasModel, keep, queueFull, resume, ruleOf } from './hold.ts';
import { Refusal } from './refusal.ts';
import type { GatewayState } from './state.ts';
import { noCore, type WakeWant } from './wakes.ts';

/** So often may a machine turn out to be asleep while the table says that it serves. */
export const MOST_LOST = 3;
/** A machine that falls asleep whenever it is needed is not waited for without end. */
const MOST_ASKS = 3;

/** Whether it may go on by the route, waits from now on, or is refused. Called when no machine with a GPU is there. */
export function holdForWake(request: HeldRequest, state: GatewayState): 'go' | 'held' | Refusal {
  const { exchange, hold, model } = request;
  const table = state.table();
  const holding = table?.holding;
  if (table == null || holding === undefined) return 'go';
  const rule = ruleOf(request, holding);
  const kind = callKind(exchange.endpoint);
  const { awake, asleep } = standing(table, request, state);
  const gaveUp = (hold.mayUseCpu || (hold.failure !== null && rule.wake !== 'wait')) && awake.length > 0;
  if (hold.failure !== null && !gaveUp && !awake.some(({ isCpu }) => !isCpu)) return hold.failure;
  if (gaveUp) return 'go';
  const mayWake = holding.mayWake.includes(kind) && !request.body.fields.unloads;
  const decision = decideWake({ rule, mayWake, awake, asleep });
  if (decision.kind === 'refuse') return refusalFor(decision.why, request);
  const { credential } = exchange.caller;
  const want: WakeWant = {
    model,
    key: canonicalName(model),
    nodeIds: decision.wake,
    credentialId: credential?.id ?? null,
    program: exchange.program,
    unreachable: hold.unreachable !== null && decision.wake.includes(hold.unreachable),
  };
  hold.unreachable = null;
  if (decision.kind === 'serve') {
    if (decision.wake.length > 0) state.wakes.inBackground(want);
    return 'go';
  }
  if (!state.wakes.connected) return noCore();
  if (hold.asks >= MOST_ASKS) return refusalFor('no-way', request);
  const waiting = state.wakes.waiting(want.key);
  const expectedMs = wakeMs(table, decision.wake);
  if (waiting >= holding.queueLimit) return queueFull(exchange, { position: waiting + 1, expectedMs });
  hold.asks += 1;
  begin(request, state, { place: { position: waiting + 1, expectedMs }, entry: null });
  const joined = state.wakes.join(want, {
    released: () => resume(request),
    failed(refusal) {
      hold.failure = refusal;
      resume(request);
    },
  });
  keep(request, joined);
  const { cpuAfterMs } = decision;
  if (cpuAfterMs !== null && hold.cpuTimer === null) {
    const leftMs = cpuAfterMs - (state.clock.monotonic() - (hold.heldSince ?? 0));
    hold.cpuTimer = state.clock.timer(Math.max(0, leftMs), () => {
      hold.mayUseCpu = true;
      if (hold.waiting === null) return;
      joined[Symbol.dispose]();
      resume(request);
    });
  }
  return 'held';
}

/** A recording or picture that is sent to a model is work like a prompt. */
const callKind = ({ capability, kind }: Endpoint): CallKind =>
  capability ?? (kind === 'upload' ? 'generate' : 'other');

interface Standing {
  awake: { id: string; isCpu: boolean; gpuLost: boolean }[];
  asleep: { id: string; isCpu: boolean; canWake: boolean }[];
}

function standing(table: GatewayTable, request: HeldRequest, state: GatewayState): Standing {
  const found: Standing = { awake: [], asleep: [] };
  for (const node of table.nodes) {
    if (!hasModel(node, request)) continue;
    const { id, gpuLost = false, canWake = false } = node;
    const isCpu = node.hasGpu === false || gpuLost;
    if (!node.serving || id === request.hold.unreachable) found.asleep.push({ id, isCpu, canWake });
    else if (state.health.breaker(id) !== 'open') found.awake.push({ id, isCpu, gpuLost });
  }
  return found;
}

function wakeMs({ nodes }: GatewayTable, ids: readonly string[]): number | null {
  const known = nodes.flatMap(({ id, usualWakeMs }) => (ids.includes(id) ? (usualWakeMs ?? []) : []));
  return known.length === 0 ? null : Math.min(...known);
}

function refusalFor(why: WakeRefusal, { model, exchange }: HeldRequest): 'go' | Refusal {
  const shown = printable(model);
  switch (why) {
    case 'rule':
      return new Refusal('WAKE_NOT_ALLOWED', {
        message: fact('GATEWAY_RULE_WAKES_NOTHING', { model: shown }),
        status: 503,
        retryAfter: 60,
      });
    case 'call':
      return new Refusal('NODE_ASLEEP', {
        message: fact('GATEWAY_CALL_WAKES_NOTHING', { model: shown, path: exchange.target.path }),
      });
    case 'gpu-lost':
      return new Refusal('GPU_NOT_USED', {
        message: fact('GATEWAY_WOKE_WITHOUT_GPU', { model: shown }),
        status: 503,
        retryAfter: 60,
      });
    // The route says which machines sleep.
    case 'no-way':
      return 'go';
  }
}

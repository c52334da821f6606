/**
 * Which requests wake a sleeping machine, and who serves them until it is awake. Pure; the gateway's process imports it.
 *
 * The most specific rule counts: one for the key before one for any; of those, one for the model's full name before one
 * without a tag, before one with `*`, before one for any model; then the first in the list.
 */
import { fact, type Message } from '../../../shared/models/message.ts';
import type { Priority } from '../acquire/admission.ts';
import { matchesPriority } from '../fleet/model-placement.ts';

/**
 * - `if-needed`: wakes a machine only if no other that is awake has the model
 * - `wait`: for a machine with a GPU, however long it takes to wake
 * - `cpu-meanwhile`: served without a GPU now, while a machine with one wakes
 * - `cpu-after`: the same, if that machine is not awake after some time
 * - `never`: wakes nothing
 */
export type WakeChoice = 'if-needed' | 'wait' | 'cpu-meanwhile' | 'cpu-after' | 'never';

/** What a call asks of a model. `other`: anything else that names one, such as `/api/show`. */
export type CallKind = 'chat' | 'generate' | 'embed' | 'other';

export interface HoldRule {
  /** Pattern; null for every model. */
  model: string | null;
  /** null for every program, with or without a key. */
  credentialId: string | null;
  wake: WakeChoice;
  /** For `cpu-after`. */
  cpuAfterMs: number;
  /** null for what the kind of call suggests. */
  priority: Priority | null;
}

export interface AppliedRule {
  wake: WakeChoice;
  cpuAfterMs: number;
  priority: Priority | null;
  /** Which rule it was. */
  reason: Message;
}

export function ruleFor(
  rules: readonly HoldRule[],
  { model, credentialId }: { model: string; credentialId: string | null },
): AppliedRule {
  let best: HoldRule | null = null;
  for (const rule of rules) {
    if (rule.credentialId !== null && rule.credentialId !== credentialId) continue;
    if (rule.model !== null && !matchesPriority(model, [rule.model])) continue;
    if (best === null || weightOf(rule) > weightOf(best)) best = rule;
  }
  if (best === null) {
    return { wake: 'if-needed', cpuAfterMs: 0, priority: null, reason: fact('WAKE_RULE_NONE') };
  }
  const { wake, cpuAfterMs, priority } = best;
  const reason = fact('WAKE_RULE', { model: best.model, ofKey: best.credentialId !== null, wake });
  return { wake, cpuAfterMs, priority, reason };
}

function weightOf({ model, credentialId }: HoldRule): number {
  const named = model === null ? 0 : model.includes('*') ? 1 : model.includes(':') ? 3 : 2;
  return (credentialId === null ? 0 : 4) + named;
}

export interface AwakeNode {
  id: string;
  /** Without a GPU, or without the use of it. */
  isCpu: boolean;
  gpuLost: boolean;
}

export interface AsleepNode {
  id: string;
  canWake: boolean;
  isCpu: boolean;
}

export type WakeDecision =
  /** By a machine that is awake. `wake`: machines of which one is woken meanwhile. */
  | { kind: 'serve'; wake: readonly string[] }
  /** Until one of them is awake. `cpuAfterMs`: a machine without a GPU may serve it then; null for never. */
  | { kind: 'hold'; wake: readonly string[]; cpuAfterMs: number | null }
  | { kind: 'refuse'; why: WakeRefusal };

export type WakeRefusal =
  /** A rule forbids to wake a machine for it. */
  | 'rule'
  /** Calls of this kind wake nothing. */
  | 'call'
  /** No machine that has the model can be woken. */
  | 'no-way'
  /** A GPU is to be waited for, and the machine came up without it. */
  | 'gpu-lost';

/** @param facts.awake machines that could serve it now; @param facts.asleep others that have the model */
export function decideWake({
  rule: { wake, cpuAfterMs },
  mayWake,
  awake,
  asleep,
}: {
  rule: Pick<AppliedRule, 'wake' | 'cpuAfterMs'>;
  mayWake: boolean;
  awake: readonly AwakeNode[];
  asleep: readonly AsleepNode[];
}): WakeDecision {
  const serve = (ids: readonly string[] = []): WakeDecision => ({ kind: 'serve', wake: ids });
  if (awake.some(({ isCpu }) => !isCpu)) return serve();
  const wakeable = asleep.filter(({ canWake }) => canWake);
  const withGpu = wakeable.filter(({ isCpu }) => !isCpu).map(({ id }) => id);
  if (awake.length > 0) {
    if (!mayWake || withGpu.length === 0) {
      const insists = wake === 'wait' && awake.some(({ gpuLost }) => gpuLost);
      return insists ? { kind: 'refuse', why: 'gpu-lost' } : serve();
    }
    switch (wake) {
      case 'if-needed':
      case 'never':
        return serve();
      case 'cpu-meanwhile':
        return serve(withGpu);
      case 'wait':
        return { kind: 'hold', wake: withGpu, cpuAfterMs: null };
      case 'cpu-after':
        return { kind: 'hold', wake: withGpu, cpuAfterMs };
    }
  }
  if (wake === 'never') return { kind: 'refuse', why: 'rule' };
  if (!mayWake) return { kind: 'refuse', why: 'call' };
  if (wakeable.length === 0) return { kind: 'refuse', why: 'no-way' };
  const ids = withGpu.length > 0 ? withGpu : wakeable.map(({ id }) => id);
  return { kind: 'hold', wake: ids, cpuAfterMs: null };
}

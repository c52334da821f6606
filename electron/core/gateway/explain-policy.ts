/** Which policy applies to requests for a model, with what a person should know about it. Pure. */
import type { GatewayPolicy } from '../../../shared/models/gateway.ts';
import { fact } from '../../../shared/models/message.ts';
import { sameModelName } from '../fleet/model-placement.ts';
import { type HoldRule, ruleFor } from './wake-policy.ts';

export function explainPolicy(
  request: { model: string; credentialId: string | null },
  { rules, models }: { rules: readonly HoldRule[]; models: readonly string[] },
): GatewayPolicy {
  const { wake, cpuAfterMs, priority, reason } = ruleFor(rules, request);
  const { model } = request;
  const isThere = models.some((name) => sameModelName(name, model));
  return {
    wake,
    cpuAfterSeconds: cpuAfterMs / 1000,
    priority,
    reason,
    notes: isThere ? [] : [fact('WAKE_RULE_WITHOUT_MODEL', { model })],
  };
}

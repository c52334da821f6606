/** From what is known of a node's power to what people see. Pure. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { AgentView, Lease, LeaseRecord, NodePower, PowerPolicy } from '../../../shared/models/power.ts';
import { isOn } from '../agents/awake.ts';
import type { AgentPolicyView, AgentPower } from '../ports/agents.ts';
import { decideFinish, type FinishDecision, type Held } from './idle-decision.ts';
import type { Going } from './shutdown-progress.ts';
import type { UseState } from './use-watch.ts';
import { leaseWords, whyOn } from './why-on.ts';

/** What an agent said, and when it was heard. */
export interface Heard<Said> {
  said: Said;
  at: number;
}

export interface PowerFacts {
  node: NodeView;
  policy: PowerPolicy;
  means: NodePower['means'];
  agent: AgentView | null;
  /** Of this core. */
  leases: readonly LeaseRecord[];
  isMirrored(leaseId: string): boolean;
  elsewhere: readonly Lease[];
  agentPolicy: Heard<AgentPolicyView> | null;
  agentPower: Heard<AgentPower> | null;
  /** Seen from here, for nodes whose agent does not tell. */
  use: UseState;
  held?: Held | null;
  wokenByUs: boolean | null;
  going: Going;
  gpuLost: NodePower['gpuLost'];
}

export function nodePowerOf(facts: PowerFacts): NodePower {
  const { node, policy, means, agent, use, going } = facts;
  const on = isOn(node, agent);
  const leases: Lease[] = [
    ...facts.leases.map(({ endedAt: _, ...lease }) => ({
      ...lease,
      origin: 'here' as const,
      mirrored: facts.isMirrored(lease.id),
    })),
    ...facts.elsewhere,
  ];
  const byAgent = means === 'agent' && facts.agentPolicy !== null ? facts.agentPolicy : null;
  const countdown = going.countdown ?? agentCountdown(facts);
  const wokenByUs = on ? (byAgent?.said.wokenInThisBoot ?? facts.wokenByUs) : null;
  const common = {
    nodeId: node.id,
    policy,
    means,
    agent,
    leases,
    wokenByUs,
    countdown,
    leaving: going.leaving,
    lastOffError: going.lastOffError,
    gpuLost: on ? facts.gpuLost : null,
    sleepTrouble: on && means === 'agent' ? (facts.agentPower?.said.sleepTrouble ?? null) : null,
  };
  if (!on) return { ...common, whyOn: [], idleSince: null, offAt: null };

  const reasons = byAgent ? namedOnce(byAgent.said.reasons, leases) : use.use;
  const needed = leases.length > 0 || reasons.length > 0;
  const decision = decisionFor(facts, { byAgent, wokenByUs, needed });
  const words =
    node.kind === 'this-computer' && !needed
      ? ['Pilotlight runs on it.']
      : whyOn({
          on,
          leases,
          reasons,
          leaving: going.leaving !== null,
          countdown: countdown !== null,
          stays: decision.do === 'stay' ? decision.why : null,
          means,
        });
  return {
    ...common,
    whyOn: words,
    idleSince: needed ? null : idleSince(facts, byAgent),
    offAt: offAt(facts, decision, byAgent, countdown),
  };
}

function decisionFor(
  { means, policy, going, use, held = null }: PowerFacts,
  known: { byAgent: Heard<AgentPolicyView> | null; wokenByUs: boolean | null; needed: boolean },
): FinishDecision {
  if (known.byAgent) return decisionOfAgent(known.byAgent, policy, known.needed);
  if (means === 'agent') return { do: 'stay', why: 'agent-silent' };
  return decideFinish({
    policy,
    means,
    wokenByUs: known.wokenByUs,
    keptOn: going.keptOn,
    held,
    reasons: known.needed ? ['needed'] : [],
    idleMs: use.idle?.ms ?? 0,
  });
}

/** An agent names each lease as a reason too, and so do we. */
function namedOnce(reasons: readonly string[], leases: readonly Lease[]): string[] {
  const named = new Set(leases.map(leaseWords));
  return reasons.filter((reason) => !named.has(reason));
}

function agentCountdown({ agentPower, means }: PowerFacts): NodePower['countdown'] {
  const current = agentPower?.said.phase === 'countdown' ? agentPower.said.current : null;
  if (means !== 'agent' || agentPower === null || current === null) return null;
  const endsAt = wholeSecond(agentPower.at + current.remainingSeconds * 1000);
  return { action: current.action, by: current.by, endsAt };
}

/** The agent decides; it says what it sees, and what follows from that. */
function decisionOfAgent(
  { said }: Heard<AgentPolicyView>,
  policy: PowerPolicy,
  needed: boolean,
): FinishDecision {
  if (said.remainingMs !== null) return { do: 'wait', remainingMs: said.remainingMs };
  if (policy.powerOff === 'never') return { do: 'stay', why: 'not-allowed' };
  if (policy.powerOff === 'when-woken' && !said.wokenInThisBoot) return { do: 'stay', why: 'not-woken' };
  if (said.keptOn) return { do: 'stay', why: 'kept-on' };
  // Nothing of ours speaks against it, but another panel's policy may.
  return { do: 'stay', why: needed ? 'in-use' : 'other-panel' };
}

function idleSince({ means, use }: PowerFacts, byAgent: Heard<AgentPolicyView> | null): number | null {
  if (byAgent) return wholeSecond(byAgent.at - byAgent.said.idleSeconds * 1000);
  return means === 'agent' ? null : (use.idle?.since ?? null);
}

function offAt(
  { use, policy }: PowerFacts,
  decision: FinishDecision,
  byAgent: Heard<AgentPolicyView> | null,
  countdown: NodePower['countdown'],
): number | null {
  if (countdown !== null) return countdown.endsAt;
  if (decision.do !== 'wait') return null;
  if (byAgent) return wholeSecond(byAgent.at + decision.remainingMs);
  return use.idle === null ? null : use.idle.since + policy.idleMinutes * 60_000;
}

/** What is reckoned from two clocks shivers; people see seconds. */
const wholeSecond = (ms: number) => Math.round(ms / 1000) * 1000;

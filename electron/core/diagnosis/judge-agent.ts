/** The steps of the agent. Pure. */
import { fact } from '../../../shared/models/message.ts';
import type { AgentHealth } from '../ports/agents.ts';
import { portOf } from './judge-server.ts';
import {
  fail,
  failWith,
  fixOf,
  isRefused,
  isSilent,
  messageOf,
  notApplicable,
  type Probe,
  pass,
  type Verdict,
} from './verdict.ts';

export interface AgentFacts {
  url: string | null;
  onThisComputer: boolean;
  hostAnswers: boolean;
  hasToken: boolean;
  health: Probe<AgentHealth> | null;
  /** A call that needs the token; null if none was made. */
  called: Probe<unknown> | null;
}

export function judgeAgent({ url, onThisComputer, hostAnswers, health }: AgentFacts): Verdict {
  if (url === null || health === null)
    return notApplicable(fact(onThisComputer ? 'NO_AGENT_NEEDED' : 'NODE_HAS_NO_AGENT'));
  if (health.ok) {
    const { version, roles } = health.value;
    return pass(fact('AGENT_ANSWERS', { version, roles }));
  }
  if (!hostAnswers) return notApplicable(fact('MACHINE_SILENT'));
  const { host } = new URL(url);
  if (isRefused(health.error))
    return fail(
      fact('AGENT_PORT_CLOSED', { host }),
      fact(onThisComputer ? 'START_AGENT_HERE' : 'START_AGENT_ON_NETWORK'),
    );
  if (isSilent(health.error))
    return fail(fact('AGENT_PORT_SILENT', { host }), fact('OPEN_PORT', { port: portOf(url) }));
  return failWith(health.error);
}

export function judgeToken(facts: AgentFacts): Verdict {
  if (facts.url === null) return notApplicable(fact('NO_AGENT'));
  if (!facts.health?.ok) return notApplicable(fact('AGENT_NOT_ASKED'));
  if (!facts.hasToken) return fail(fact('AGENT_TOKEN_UNKNOWN'), fact('PAIR_AGENT'));
  const { called } = facts;
  if (called === null) return notApplicable(fact('TOKEN_NOT_TRIED'));
  if (called.ok || acceptedToken(called.error)) return pass(fact('TOKEN_ACCEPTED'));
  const { error } = called;
  if (error.code === 'AGENT_REFUSED')
    return fail(messageOf(error), error.details?.code === 'SLOW_DOWN' ? fixOf(error) : fact('PAIR_AGENT'));
  return fail(fact('TOKEN_NOT_CHECKED', { reason: messageOf(error) }), fixOf(error));
}

/** The agent refused the call, but not the caller. */
export const acceptedToken = (error: {
  code: string;
  details?: Record<string, unknown> | undefined;
}): boolean => error.code !== 'AGENT_REFUSED' && typeof error.details?.status === 'number';

export interface ClockFacts {
  /** Milliseconds since the epoch, by its clock and, when it was read, by this computer's; null without an agent. */
  machine: { bootId: string; at: number; readAt: number } | null;
}

const MAX_APART_MS = 30_000;
const SHOWN_BOOT = 8;

/** Leases and announcements depend on the machine's boot, alerts on the time of day. */
export function judgeClock({ machine }: ClockFacts): Verdict {
  if (machine === null) return notApplicable(fact('NO_AGENT_CLOCK'));
  const { bootId, at, readAt } = machine;
  if (bootId === '') return fail(fact('NO_BOOT_ID'), fact('UPDATE_AGENT'));
  const apartMs = at - readAt;
  if (Math.abs(apartMs) <= MAX_APART_MS)
    return pass(fact('CLOCK_AGREES', { apartMs, boot: bootId.slice(0, SHOWN_BOOT) }));
  return fail(fact('CLOCK_DIFFERS', { apartMs }), fact('SYNC_CLOCKS'));
}

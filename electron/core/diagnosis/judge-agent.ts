/** The steps of the agent, and of an existing shutdown server. Pure. */
import type { NodePower, PowerAction, PowerPolicy } from '../../../shared/models/power.ts';
import { formatDuration } from '../../../shared/units.ts';
import type { AgentHealth, AgentPower } from '../ports/agents.ts';
import { fail, isRefused, isSilent, notApplicable, type Probe, pass, type Verdict } from './verdict.ts';

export interface AgentFacts {
  url: string | null;
  hostAnswers: boolean;
  hasToken: boolean;
  health: Probe<AgentHealth> | null;
  /** A call that needs the token; null where none was made. */
  called: Probe<unknown> | null;
}

export function judgeAgent({ url, hostAnswers, health }: AgentFacts): Verdict {
  if (url === null || health === null)
    return notApplicable('It has no agent: nobody there measures, keeps it awake or powers it off alone.');
  if (health.ok) {
    const { version, roles } = health.value;
    return pass(
      `Agent${version === null ? '' : ` ${version}`} answers, with the roles ${roles.join(', ') || 'none'}.`,
    );
  }
  if (!hostAnswers) return notApplicable('The machine does not answer.');
  const { host } = new URL(url);
  if (isRefused(health.error)) {
    return fail(
      `The machine is on, but no agent listens at ${host}.`,
      'Start it there (`systemctl start pilotlight-agent`), and let it listen on the network with `--bind ADDRESS`.',
    );
  }
  if (isSilent(health.error)) {
    return fail(
      `The machine answers, but not at ${host}.`,
      'A firewall there keeps it back: allow that TCP port from this network.',
    );
  }
  return fail(health.error.message, health.error.next);
}

const PAIR = 'Pair it: run `agent.mjs pair` there, and give the line that it shows.';

export function judgeToken(facts: AgentFacts): Verdict {
  if (!facts.health?.ok) return notApplicable('No agent answers.');
  if (!facts.hasToken) return fail('Pilotlight has no token for it.', PAIR);
  const { called } = facts;
  if (called === null) return notApplicable('Nothing was asked that needs the token.');
  if (called.ok || isPastTheDoor(called.error)) return pass('The agent takes the token.');
  if (called.error.code === 'AGENT_REFUSED')
    return fail(called.error.message, called.error.details?.code === 'SLOW_DOWN' ? called.error.next : PAIR);
  return fail(`Whether it takes the token could not be asked: ${called.error.message}`, called.error.next);
}

/** It refused what was asked, but not who asked. */
export const isPastTheDoor = (error: {
  code: string;
  details?: Record<string, unknown> | undefined;
}): boolean => error.code !== 'AGENT_REFUSED' && typeof error.details?.status === 'number';

export interface RightsFacts {
  means: NodePower['means'];
  policy: Pick<PowerPolicy, 'action' | 'powerOff'>;
  hostAnswers: boolean;
  tokenTaken: boolean;
  roles: readonly string[];
  power: Probe<AgentPower> | null;
  /** Whether the existing shutdown server answers; null where there is none. */
  shutdownServer: Probe<{ isShutdownServer: boolean }> | null;
}

/** Whether it can be powered off as its policy says. Nothing is powered off to find out. */
export function judgeRights(facts: RightsFacts): Verdict {
  switch (facts.means) {
    case 'none':
      return facts.policy.powerOff === 'never'
        ? notApplicable('Pilotlight does not power it off.')
        : notApplicable('Nobody there powers it off: it sleeps by its own settings alone.');
    case 'simulator':
      return pass('The simulator powers it off.');
    case 'server':
      return judgeShutdownServer(facts);
    case 'agent':
      return judgeAgentRights(facts);
  }
}

function judgeShutdownServer({ shutdownServer, policy, hostAnswers }: RightsFacts): Verdict {
  if (shutdownServer === null || !hostAnswers) return notApplicable('The machine does not answer.');
  if (!shutdownServer.ok) {
    return fail(
      `Its shutdown server: ${shutdownServer.error.message}`,
      'Start it there, and check its address and the firewall.',
    );
  }
  if (!shutdownServer.value.isShutdownServer) {
    return fail(
      'What answers at the address of its shutdown server is something else.',
      'Check that address; its port is usually 8765.',
    );
  }
  if (policy.action !== 'shutdown') {
    return fail(
      `Its shutdown server can only shut it down, and its policy is to ${verbOf(policy.action)}.`,
      'Let its policy shut it down, or run the agent there.',
    );
  }
  return pass('Its shutdown server answers. Whether it takes the secret shows when it is used.');
}

function judgeAgentRights({ tokenTaken, roles, power, policy }: RightsFacts): Verdict {
  if (!tokenTaken) return notApplicable('The agent was not asked.');
  if (power === null || !roles.includes('power')) {
    return policy.powerOff === 'never'
      ? notApplicable('The agent has no power role, and its policy needs none.')
      : fail('The agent has no power role.', 'Start it there with `--role power,telemetry`.');
  }
  if (!power.ok) return fail(power.error.message, power.error.next);
  const { actions } = power.value;
  if (actions.includes(policy.action)) return pass(`It may ${verbs(actions)}.`);
  return fail(
    `Its policy is to ${verbOf(policy.action)}, but it may ${actions.length === 0 ? 'do nothing' : `only ${verbs(actions)}`}.`,
    'Choose another action in its policy, or give the agent the right with `agent.mjs install` there.',
  );
}

const verbOf = (action: PowerAction) => (action === 'shutdown' ? 'shut down' : action);
const verbs = (actions: readonly PowerAction[]) => actions.map(verbOf).join(', ');

export interface ClockFacts {
  /** null where no agent told. */
  machine: { bootId: string; at: number; readAt: number } | null;
}

const MOST_APART_MS = 30_000;

/** Leases and hellos are told apart by the run of the machine, alerts by the hour. */
export function judgeClock({ machine }: ClockFacts): Verdict {
  if (machine === null) return notApplicable('No agent tells its time.');
  const { bootId, at, readAt } = machine;
  if (bootId === '') {
    return fail(
      'The agent does not tell one run of the machine from the next.',
      'Update the agent there; without that it cannot know whether Pilotlight woke it.',
    );
  }
  const apart = at - readAt;
  const words = formatDuration(Math.abs(apart));
  if (Math.abs(apart) <= MOST_APART_MS)
    return pass(`Its clock and this computer's are ${words} apart. This run of it: ${bootId.slice(0, 8)}.`);
  return fail(
    `Its clock is ${words} ${apart > 0 ? 'ahead of' : 'behind'} this computer's.`,
    'Let both set their time from the network.',
  );
}

/** Whether a machine can be powered off as its policy says. Nothing is powered off to find out. Pure. */
import { fact } from '../../../shared/models/message.ts';
import type { NodePower, PowerPolicy } from '../../../shared/models/power.ts';
import type { AgentPower } from '../ports/agents.ts';
import { fail, failWith, messageOf, notApplicable, type Probe, pass, type Verdict } from './verdict.ts';

export interface PowerOffFacts {
  means: NodePower['means'];
  policy: Pick<PowerPolicy, 'action' | 'powerOff'>;
  hostAnswers: boolean;
  tokenAccepted: boolean;
  roles: readonly string[];
  power: Probe<AgentPower> | null;
  /** Whether the existing shutdown server answers; null if there is none. */
  shutdownServer: Probe<{ isShutdownServer: boolean }> | null;
}

export function judgePowerOff(facts: PowerOffFacts): Verdict {
  switch (facts.means) {
    case 'none':
      return notApplicable(
        fact(facts.policy.powerOff === 'never' ? 'NEVER_POWERED_OFF' : 'NO_WAY_TO_POWER_OFF'),
      );
    case 'simulator':
      return pass(fact('SIMULATOR_POWERS_OFF'));
    case 'server':
      return judgeShutdownServer(facts);
    case 'agent':
      return judgeAgentPower(facts);
  }
}

function judgeShutdownServer({ shutdownServer, policy, hostAnswers }: PowerOffFacts): Verdict {
  if (shutdownServer === null || !hostAnswers) return notApplicable(fact('MACHINE_SILENT'));
  if (!shutdownServer.ok) {
    const reason = messageOf(shutdownServer.error);
    return fail(fact('SHUTDOWN_SERVER_UNREACHABLE', { reason }), fact('START_SHUTDOWN_SERVER'));
  }
  if (!shutdownServer.value.isShutdownServer)
    return fail(fact('NOT_A_SHUTDOWN_SERVER'), fact('CHECK_SHUTDOWN_PORT'));
  const { action } = policy;
  if (action !== 'shutdown')
    return fail(fact('SHUTDOWN_SERVER_CANNOT', { action }), fact('CHANGE_ACTION_OR_RUN_AGENT'));
  return pass(fact('SHUTDOWN_SERVER_ANSWERS'));
}

function judgeAgentPower({ tokenAccepted, roles, power, policy }: PowerOffFacts): Verdict {
  if (!tokenAccepted) return notApplicable(fact('AGENT_NOT_ASKED'));
  if (power === null || !roles.includes('power')) {
    return policy.powerOff === 'never'
      ? notApplicable(fact('POWER_ROLE_NOT_NEEDED'))
      : fail(fact('NO_POWER_ROLE'), fact('START_POWER_ROLE'));
  }
  if (!power.ok) return failWith(power.error);
  const { actions } = power.value;
  const { action } = policy;
  if (actions.includes(action)) return pass(fact('AGENT_MAY', { actions }));
  return fail(fact('AGENT_MAY_NOT', { action, actions }), fact('ALLOW_ACTION'));
}

/** Whether the machine listens for wake packets while it is off. Pure. */
import { fact } from '../../../shared/models/message.ts';
import type { AgentMachine } from '../ports/agents.ts';
import { fail, notApplicable, pass, type Verdict } from './verdict.ts';

export interface ArmedFacts {
  onThisComputer: boolean;
  /** One of its wake methods sends a packet to its MAC address. */
  usesPackets: boolean;
  mac: string | null;
  /** As its agent reports it now, or did when it last answered; null if no agent ever has. */
  machine: Pick<AgentMachine, 'interfaces'> | null;
}

export function judgeArmed({ onThisComputer, usesPackets, mac, machine }: ArmedFacts): Verdict {
  if (onThisComputer) return notApplicable(fact('ON_THIS_COMPUTER'));
  if (!usesPackets || mac === null) return notApplicable(fact('NO_WAKE_PACKETS'));
  if (machine === null) return notApplicable(fact('ARMED_NEEDS_AGENT'));
  const own = machine.interfaces.find((one) => one.mac.toUpperCase() === mac.toUpperCase());
  if (own === undefined) {
    if (machine.interfaces.length === 0) return notApplicable(fact('NO_ADAPTERS_REPORTED'));
    const adapters = machine.interfaces.map((one) => ({ name: one.name, mac: one.mac.toUpperCase() }));
    const armed = machine.interfaces.find((one) => one.wakeArmed === true) ?? machine.interfaces[0];
    return fail(
      fact('MAC_OF_NO_ADAPTER', { mac, adapters }),
      fact('SET_MAC', { mac: armed?.mac.toUpperCase() ?? null }),
    );
  }
  const adapter = own.name;
  if (own.wakeArmed === true)
    return pass(fact('ARMED', { adapter, mac, wireless: /^(wl|wi-?fi)/i.test(adapter) }));
  if (own.wakeArmed === null) return notApplicable(fact('ARMED_NOT_REPORTED', { adapter }));
  return fail(fact('NOT_ARMED', { adapter, mac }), fact('ARM_ADAPTER', { adapter }));
}

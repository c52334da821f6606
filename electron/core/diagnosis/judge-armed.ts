/** Whether the machine listens for wake packets while it is off. Pure. */
import type { AgentMachine } from '../ports/agents.ts';
import { fail, notApplicable, pass, type Verdict } from './verdict.ts';

export interface ArmedFacts {
  /** Whether one of the ways sends a packet to its MAC address. */
  usesPackets: boolean;
  mac: string | null;
  /** What its agent says now, or said when it was last on; null where no agent told. */
  machine: Pick<AgentMachine, 'interfaces'> | null;
}

const BY_HAND =
  'In the firmware: Wake-on-LAN on, ErP and deep sleep off. On Windows: “Wake on Magic Packet” on in the adapter, Fast Startup off. On Linux: `ethtool -s eth0 wol g`, kept by a .link file.';

export function judgeArmed({ usesPackets, mac, machine }: ArmedFacts): Verdict {
  if (!usesPackets || mac === null) return notApplicable('No wake packet is sent to it.');
  if (machine === null) return notApplicable(`Only an agent on the machine can say. ${BY_HAND}`);
  const own = machine.interfaces.find((one) => one.mac.toUpperCase() === mac.toUpperCase());
  if (own === undefined) {
    const others = machine.interfaces.map((one) => `${one.mac.toUpperCase()} (${one.name})`);
    if (others.length === 0) return notApplicable(`Its agent names no adapter. ${BY_HAND}`);
    const armed = machine.interfaces.find((one) => one.wakeArmed === true) ?? machine.interfaces[0];
    return fail(
      `The node has the MAC address ${mac}, but its adapters have ${others.join(', ')}.`,
      `Set its MAC address to that of its wired adapter${armed === undefined ? '' : `, such as ${armed.mac.toUpperCase()}`}.`,
    );
  }
  if (own.wakeArmed === true) {
    const wireless = /^(wl|wi-?fi)/i.test(own.name)
      ? ' It is a wireless adapter: many stop listening once the machine sleeps.'
      : '';
    return pass(`${own.name} (${mac}) wakes it by a magic packet.${wireless}`);
  }
  if (own.wakeArmed === null) return notApplicable(`Its system does not say for ${own.name}. ${BY_HAND}`);
  return fail(
    `${own.name} (${mac}) does not listen for magic packets.`,
    `On Linux: \`ethtool -s ${own.name} wol g\`, which a restart forgets; keep it with a .link file that sorts before 99-default.link. On Windows: allow “Wake on Magic Packet” in the adapter, and turn Fast Startup off. In the firmware: Wake-on-LAN on, ErP and deep sleep off.`,
  );
}

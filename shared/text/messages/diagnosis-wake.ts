import { clause, list, sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

interface Unavailable {
  unavailable: readonly { method: Text; reason: Text }[];
}

const notAvailable = ({ unavailable }: Unavailable) =>
  unavailable.map(({ method, reason }) => `Not available: ${method} (${clause(reason)}).`);

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

const firmware = 'In the firmware: turn Wake-on-LAN on, and ErP and deep sleep off.';
const windows = 'On Windows: turn "Wake on Magic Packet" on for the adapter, and Fast Startup off.';
const byHand = `Check it yourself. ${firmware} ${windows} On Linux: run \`ethtool -s eth0 wol g\`, and keep that with a .link file.`;

/** A diagnosis: whether the machine can be woken. */
export const diagnosisWakeMessages = {
  WAKE_METHODS: ({ usable, unavailable }: Unavailable & { usable: readonly Text[] }) =>
    sentences(`It can be woken by ${usable.join(', then ')}.`, ...notAvailable({ unavailable })),
  NO_WAKE_METHOD: () => 'It has no wake method.',
  WAKE_METHODS_UNAVAILABLE: ({ unavailable }: Unavailable) => sentences(...notAvailable({ unavailable })),
  FIND_MAC: () =>
    'Enter the MAC address of its wired adapter. Its agent reports it; otherwise run `ip link` there, or `ipconfig /all` on Windows.',
  FIX_WAKE_METHODS: () => 'Fix its wake methods, or add another one.',

  // Whether Wake-on-LAN is enabled.
  NO_WAKE_PACKETS: () => 'No wake packets are sent to it.',
  ARMED_NEEDS_AGENT: () => `Only an agent on the machine can report this. ${byHand}`,
  NO_ADAPTERS_REPORTED: () => `Its agent reports no network adapters. ${byHand}`,
  ARMED_NOT_REPORTED: ({ adapter }: { adapter: string }) =>
    `Its system does not report this for ${adapter}. ${byHand}`,
  MAC_OF_NO_ADAPTER: ({
    mac,
    adapters,
  }: {
    mac: string;
    adapters: readonly { name: string; mac: string }[];
  }) =>
    `The node has the MAC address ${mac}, but its adapters have ${list(adapters.map((one) => `${one.mac} (${one.name})`))}.`,
  SET_MAC: ({ mac }: { mac: string | null }) =>
    `Set the node's MAC address to the one of its wired adapter${mac === null ? '' : `, such as ${mac}`}.`,
  ARMED: ({ adapter, mac, wireless }: { adapter: string; mac: string; wireless: boolean }) =>
    sentences(
      `A magic packet to ${adapter} (${mac}) wakes it.`,
      wireless ? 'This adapter is wireless; many of them stop listening once the machine sleeps.' : '',
    ),
  NOT_ARMED: ({ adapter, mac }: { adapter: string; mac: string }) =>
    `${adapter} (${mac}) does not listen for magic packets.`,
  ARM_ADAPTER: ({ adapter }: { adapter: string }) =>
    `On Linux: run \`ethtool -s ${adapter} wol g\`. It applies until the next boot; to keep it, add a .link file that sorts before 99-default.link. ${windows} ${firmware}`,

  // Whether a wake packet can reach it.
  NO_METHOD_TO_CHECK: () => 'There is no wake method to check.',
  COMMAND_NOT_RUN: ({ method }: { method: Text }) => `A diagnosis does not run ${method}.`,
  WAKER_ANSWERS: ({ method, known }: { method: Text; known: boolean }) =>
    `${capital(method)} answers${known ? '' : ', but not like a known relay'}.`,
  WAKER_FAILS: ({ method, reason }: { method: Text; reason: Text }) => `${capital(method)}: ${reason}`,
  NO_RELAY_ROLE: () => 'It has no relay role.',
  START_RELAY_ROLE: () => 'Start the agent there with `--role relay`.',
  PACKETS_STAY_HERE: () => 'Its address is on this computer, so packets do not have to leave it.',
  IN_NETWORK: ({ subnet }: { subnet: string }) =>
    `It is in ${subnet}, a network of this computer, so a broadcast reaches it.`,
  NO_NETWORK: () => 'This computer is not connected to a network.',
  CONNECT_THIS_COMPUTER: () => 'Connect this computer to the network.',
  NETWORK_UNKNOWN: () => 'It is not known which network it is in.',
  NOT_IN_NETWORK: ({ address, subnets }: { address: string; subnets: readonly string[] }) =>
    `${address} is in none of this computer's networks (${subnets.join(', ')}), so a broadcast does not reach it.`,
  ADD_RELAY: () =>
    'Add a wake method by a relay or agent in its network, or a wake destination that the router there forwards.',
  PACKETS_ALSO_TO: ({ destinations }: { destinations: readonly string[] }) =>
    `Packets are also sent to ${list(destinations)}.`,
};

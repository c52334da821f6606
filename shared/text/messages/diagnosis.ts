import { formatDuration } from '../../units.ts';
import { list, sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

/** A diagnosis: its steps, and whether the machine can be reached at all. */
export const diagnosisMessages = {
  // Titles of the steps.
  STEP_NAME: () => 'Its name resolves',
  STEP_WAKE_METHOD: () => 'It has a wake method',
  STEP_ARMED: () => 'Wake-on-LAN is enabled',
  STEP_ROUTE: () => 'A wake packet can reach it',
  STEP_HOST: () => 'The machine answers',
  STEP_PORT: () => "Ollama's port is open",
  STEP_SERVER: () => 'Ollama answers',
  STEP_AGENT: () => 'The agent answers',
  STEP_TOKEN: () => 'The agent accepts the token',
  STEP_POWER_OFF: () => 'It can be powered off',
  STEP_GPU: () => 'Its GPU is detected',
  STEP_USED_GPU: () => 'Ollama uses the GPU',
  STEP_LEFT_BEHIND: () => 'No ended Ollama holds its VRAM',
  STEP_CLOCK: () => 'Its clock is right',

  // How any step may end.
  CHECK_CANCELLED: ({ outcome }: { outcome: Text | null }) => sentences('Cancelled.', outcome),
  CHECK_CANCELLED_EARLIER: () => 'Cancelled before this step.',
  EARLIER_STEP_FAILED: () => 'An earlier step failed.',
  /** A coded error, without its next step. */
  CHECK_ERROR: ({ message }: { code: string; message: string }) => message,
  /** The next step of a coded error. */
  CHECK_ERROR_FIX: ({ next }: { code: string; next: string }) => next,

  ON_THIS_COMPUTER: () => 'It is the computer that Pilotlight runs on.',
  NODE_HAS_NO_ADDRESS: () => 'The node has no address.',
  MACHINE_SILENT: () => 'The machine does not answer.',

  // Its name.
  HOST_IS_LOOPBACK: ({ host }: { host: string }) => `${host} means this computer.`,
  HOST_IS_ADDRESS: ({ host }: { host: string }) => `${host} is an address, so there is no name to resolve.`,
  NAME_RESOLVES: ({ host, addresses }: { host: string; addresses: readonly string[] }) =>
    `${host} resolves to ${addresses.length === 0 ? 'an IPv6 address' : list(addresses)}.`,
  DNS_SILENT: () => 'The name service did not answer in time.',
  CHECK_DNS: () => "Check this computer's network and DNS settings, or use the machine's IP address.",
  NAME_UNKNOWN: ({ host }: { host: string }) => `${host} cannot be resolved on this network.`,
  CHECK_NAME: () =>
    'Check the spelling, or use its IP address and reserve that address in your router. A name that a machine announces itself (.local) cannot be resolved while it sleeps.',

  // Whether anything answers.
  NAME_UNKNOWN_SO_NOT_ASKED: () => 'Its name cannot be resolved, so it cannot be reached.',
  HOST_SILENT: ({ host, wasServing }: { host: string; wasServing: boolean }) =>
    sentences(
      `Nothing answers at ${host}.`,
      wasServing
        ? 'It served a moment ago: a connection that stays open can hide that a machine went to sleep.'
        : '',
    ),
  WAKE_IT_OR_CHECK_CABLE: () =>
    'It may be asleep or off: wake it, then run the diagnosis again. If it is on, check its cable, its address and its firewall.',
  HOST_ANSWERS: ({
    host,
    tookMs,
    otherMac,
  }: {
    host: string;
    tookMs: number;
    /** Another MAC address than the node's, seen at its address. */
    otherMac: { seen: string; expected: string } | null;
  }) =>
    sentences(
      `It answers at ${host}, in ${formatDuration(tookMs)}.`,
      otherMac === null
        ? ''
        : `Its MAC address there is ${otherMac.seen}, not ${otherMac.expected}: that is fine if it has two adapters.`,
    ),
  HOST_ANSWERS_ODDLY: ({ host }: { host: string }) =>
    `Something answers at ${host}, but not as expected. Management hardware (AMT) does that while the machine itself is off.`,
  OTHER_MACHINE_ANSWERS: ({ host, seen, expected }: { host: string; seen: string; expected: string }) =>
    `A machine with the MAC address ${seen} answers at ${host}; this node has ${expected}.`,
  FIND_NEW_ADDRESS: () =>
    'Your router may have given its address to another machine. Find its current address, and reserve it in the router.',
};

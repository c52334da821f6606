import { formatDuration } from '../../units.ts';
import { list, sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

type Action = 'shutdown' | 'sleep' | 'hibernate' | 'restart';

const verbOf = (action: Action) => (action === 'shutdown' ? 'shut down' : action);
const verbs = (actions: readonly Action[]) => list(actions.map(verbOf));

/** A diagnosis: the agent, powering off, and the clock. */
export const diagnosisAgentMessages = {
  NODE_HAS_NO_AGENT: () =>
    'It has no agent, so nothing there measures it, keeps it awake or powers it off by itself.',
  NO_AGENT_NEEDED: () => 'Pilotlight runs on it, so it needs no agent.',
  AGENT_ANSWERS: ({ version, roles }: { version: string | null; roles: readonly string[] }) =>
    `The agent${version === null ? '' : ` ${version}`} answers, ${roles.length === 0 ? 'without a role' : `with the roles ${list(roles)}`}.`,
  AGENT_PORT_CLOSED: ({ host }: { host: string }) => `The machine is on, but no agent listens at ${host}.`,
  START_AGENT_ON_NETWORK: () =>
    'Start it there with `systemctl start pilotlight-agent`, and make it listen on the network with `--bind ADDRESS`.',
  START_AGENT_HERE: () => 'Start it: run `systemctl start pilotlight-agent`.',
  AGENT_PORT_SILENT: ({ host }: { host: string }) => `The machine answers, but not at ${host}.`,

  // Its token.
  NO_AGENT: () => 'It has no agent.',
  AGENT_NOT_ASKED: () => 'Its agent could not be asked.',
  PAIR_AGENT: () => 'Pair with it: run `agent.mjs pair` on that machine, and enter the line that it shows.',
  TOKEN_NOT_TRIED: () => 'Nothing was called that needs the token.',
  TOKEN_ACCEPTED: () => 'The agent accepts the token.',
  TOKEN_NOT_CHECKED: ({ reason }: { reason: Text }) => `Cannot tell whether it accepts the token: ${reason}`,

  // Powering off.
  NEVER_POWERED_OFF: () => 'Its policy never lets Pilotlight power it off.',
  NO_WAY_TO_POWER_OFF: () => 'Pilotlight cannot power it off; it sleeps only by its own settings.',
  SIMULATOR_POWERS_OFF: () => 'The simulator powers it off.',
  SHUTDOWN_SERVER_UNREACHABLE: ({ reason }: { reason: Text }) => `Its shutdown server: ${reason}`,
  START_SHUTDOWN_SERVER: () => 'Start it there, and check its address and the firewall.',
  CHECK_SHUTDOWN_PORT: () => 'Check the address of its shutdown server; the usual port is 8765.',
  SHUTDOWN_SERVER_CANNOT: ({ action }: { action: Action }) =>
    `Its shutdown server can only shut it down, but its policy is to ${verbOf(action)}.`,
  CHANGE_ACTION_OR_RUN_AGENT: () => 'Choose to shut it down in its policy, or run the agent there.',
  SHUTDOWN_SERVER_ANSWERS: () =>
    'Its shutdown server answers. Whether it accepts the secret is known only when it is used.',
  POWER_ROLE_NOT_NEEDED: () => 'The agent has no power role, and its policy needs none.',
  NO_POWER_ROLE: () => 'The agent has no power role.',
  START_POWER_ROLE: () => 'Start it there with `--role power,telemetry`.',
  AGENT_MAY: ({ actions }: { actions: readonly Action[] }) => `The agent may ${verbs(actions)}.`,
  AGENT_MAY_NOT: ({ action, actions }: { action: Action; actions: readonly Action[] }) =>
    `Its policy is to ${verbOf(action)}, but its agent may ${actions.length === 0 ? 'do nothing' : `only ${verbs(actions)}`}.`,
  ALLOW_ACTION: () =>
    'Choose another action in its policy, or allow this one by running `agent.mjs install` there.',

  // Its clock.
  NO_AGENT_CLOCK: () => 'No agent reports its time.',
  NO_BOOT_ID: () => 'The agent does not report which boot of the machine this is.',
  UPDATE_AGENT: () =>
    'Update the agent there; without that, Pilotlight cannot know whether it woke the machine.',
  CLOCK_AGREES: ({ apartMs, boot }: { apartMs: number; boot: string }) =>
    sentences(
      `Its clock and this computer's are ${formatDuration(Math.abs(apartMs))} apart.`,
      `Its boot id starts with ${boot}.`,
    ),
  /** Positive: ahead. */
  CLOCK_DIFFERS: ({ apartMs }: { apartMs: number }) =>
    `Its clock is ${formatDuration(Math.abs(apartMs))} ${apartMs > 0 ? 'ahead of' : 'behind'} this computer's.`,
  SYNC_CLOCKS: () => 'Turn on network time on both machines.',
};

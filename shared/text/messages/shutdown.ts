import { formatDuration } from '../../units.ts';
import { sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

type Action = 'shutdown' | 'sleep' | 'hibernate' | 'restart';

const verbs: Record<Action, string> = {
  shutdown: 'shut down',
  sleep: 'sleep',
  hibernate: 'hibernate',
  restart: 'restart',
};

/** null: Pilotlight itself, because the machine is idle. */
interface Requested {
  by: string | null;
}
const requested = ({ by }: Requested) => (by === null ? 'It is idle.' : `Requested by ${by}.`);

/** Powering machines off. */
export const shutdownMessages = {
  NODE_IS_OFF: ({ node }: { node: string }) => `${node} is off, as requested.`,
  NODE_HAS_RESTARTED: ({ node }: { node: string }) => `${node} has restarted.`,
  NODE_DID_NOT_GO_OFF: ({ node }: { node: string }) => `${node} did not go off.`,
  NODE_NOT_POWERED_OFF: ({ node }: { node: string }) => `${node} could not be powered off.`,
  NODE_TOLD_TO_GO: ({ node, action }: { node: string; action: Action }) =>
    `${node} was told to ${verbs[action]}.`,
  NODE_GOES_OFF_IN: ({ node, ms }: { node: string; ms: number }) =>
    `${node} goes off in ${formatDuration(ms)}.`,
  REQUESTED_BY: requested,
  REQUESTED_AND_CANCELLABLE: ({ by }: Requested) => `${requested({ by })} You can cancel until then.`,
  NODE_STAYS_ON: ({ node }: { node: string }) => `${node} stays on.`,
  STILL_ANSWERS: ({ ms }: { ms: number }) =>
    `The machine was told to go off ${formatDuration(ms)} ago, but it still answers.`,
  OLLAMA_RESTARTED: ({ node }: { node: string }) => `Ollama on ${node} was restarted.`,

  // Why it stays on.
  IN_USE_BECAUSE: ({ reasons, unknown }: { reasons: readonly Text[]; unknown: Text | null }) =>
    sentences(reasons.length > 0 ? 'The machine is in use.' : '', ...reasons, unknown),
  MAY_NOT_POWER_OFF: () => 'Its policy or use has changed, so it may no longer power off by itself.',
  CANCELLED_BY: ({ by }: { by: string }) => `${by} cancelled.`,
  CANCELLED_UNTIL_NEEDED: ({ by }: { by: string }) => `${by} cancelled: it stays on until it is next needed.`,
  POLICY_CHANGED: () => 'Its policy has changed.',
  SLEPT_DURING_COUNTDOWN: () => 'This computer went to sleep during the countdown.',
  AGENT_DID_NOT_ACT: () => 'Its agent did not carry it out.',

  // Why it could not be powered off.
  CANNOT_DO_ACTION: ({ action }: { action: Action }) =>
    `Pilotlight cannot make this machine ${verbs[action]}.`,
  AGENT_SAYS: ({ text }: { text: string }) => `Its agent says: ${text}`,
  AGENT_DRY_RUN: () => 'Its agent only shows what it would do: it was started with --dry-run.',
  START_WITHOUT_DRY_RUN: () => 'Start it without --dry-run.',
  SHUTDOWN_SECRET_REFUSED: () => 'The shutdown server rejected the secret.',
  SET_SHUTDOWN_SECRET: () => 'Edit the node and set the secret of its shutdown server.',
  SHUTDOWN_SERVER_SAYS: ({ text }: { text: string }) => `The shutdown server says: ${text}`,
  SHUTDOWN_SERVER_SILENT: ({ status }: { status: number }) =>
    `The shutdown server sent an empty answer (status ${status}).`,
  NOT_A_SHUTDOWN_SERVER: () => 'The server at this address is not a shutdown server.',
  CHECK_SHUTDOWN_ADDRESS: () => 'Check the address of its shutdown server.',
  SHUTDOWN_SERVER_FAILED: ({ status, said }: { status: number; said: string }) =>
    `The shutdown server did not do it${said === '' ? ` (status ${status}).` : `: ${said}`}`,
  READ_ITS_LOG: () => 'Check its log on that machine.',
};

import { formatDuration } from '../../units.ts';
import { clause, sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

interface Tried {
  /** In the order they were tried; `failed` says why one did not work. */
  methods: readonly { method: Text; failed: Text | null }[];
}

const tried = ({ methods }: Tried) =>
  methods.length === 0
    ? ''
    : `Tried: ${methods
        .map(({ method, failed }) => (failed === null ? method : `${method} (${clause(failed)})`))
        .join(', then ')}.`;

const quoted = (said: string) => (said === '' ? '' : `: ${said.replace(/\.$/, '')}`);

/** Waking a machine. */
export const wakeMessages = {
  NODE_WOKE: ({ node, tookMs }: { node: string; tookMs: number }) =>
    `${node} woke in ${formatDuration(tookMs)}.`,
  NODE_WAS_AWAKE: ({ node }: { node: string }) => `${node} was already awake.`,
  NODE_WOKE_DURING_SLEEP: ({ node }: { node: string }) => `${node} woke while this computer was asleep.`,
  NODE_DID_NOT_WAKE: ({ node }: { node: string }) => `${node} did not wake.`,
  WAKE_CANCELLED: ({ node }: { node: string }) => `Waking ${node} was cancelled.`,
  WAKE_TRIED: tried,
  WAKE_FAILURE: ({ error, methods }: Tried & { error: Text }) => sentences(error, tried({ methods })),

  NO_METHOD_WORKED: ({ node }: { node: string }) => `No wake method for ${node} worked.`,
  FIX_ONE_METHOD: () => 'Check what each one reported, and fix one of them.',
  NODE_NOT_UP_WITHIN: ({ node, ms }: { node: string; ms: number }) =>
    `${node} did not come up within ${formatDuration(ms)}.`,
  AGENT_DID_NOT_WAKE_IT: ({ node, reason }: { node: string | null; reason: Text }) =>
    `The agent of ${node ?? 'that node'} did not wake it: ${reason}`,
  COMMAND_ENDED_WITH: ({ program, code, said }: { program: string; code: number | null; said: string }) =>
    `${program} exited with ${code}${said === '' ? '.' : `: ${said}`}`,

  // What a relay did instead; follows its name.
  RELAY_DID_NOT_WAKE: ({ relay, failure }: { relay: string; failure: Text }) =>
    `The relay ${relay} ${failure}.`,
  RELAY_REFUSED: ({ status, said }: { status: number; said: string }) =>
    `refused the request (${status})${quoted(said)}`,
  RELAY_UNKNOWN_PATH: ({ status }: { status: number }) => `does not know /wake (${status})`,
  RELAY_SENDS_ELSEWHERE: ({ to }: { to: string | null }) =>
    to === null ? 'sends to another address' : `sends to another address, ${to}`,
  RELAY_STATUS: ({ status, said }: { status: number; said: string }) =>
    `failed with status ${status}${quoted(said)}`,
  RELAY_NO_JSON: ({ answer }: { answer: 'nothing' | 'page' | 'other' }) =>
    `answered with ${{ nothing: 'nothing', page: 'a web page', other: 'something other than JSON' }[answer]}`,
  RELAY_DID_NOT_SEND: ({ said }: { said: string }) =>
    said === '' ? 'did not confirm that it sent the packet' : `did not send the packet${quoted(said)}`,
  RELAY_WOKE_ANOTHER: ({ mac }: { mac: string }) => `woke another machine, ${mac}`,
  RELAY_TIMED_OUT: () => 'did not answer in time',
  RELAY_ANSWER_TOO_LARGE: () => 'sent an answer that is far too large',
  RELAY_NAME_UNKNOWN: () => 'has a name that cannot be resolved',
  RELAY_UNREACHABLE: () => 'cannot be reached',
  SET_RELAY_TOKEN: () =>
    'Edit the node and set the relay token, and allow the relay to wake this MAC address.',
  CHECK_RELAY_ADDRESS: () => 'Check that a Wake-on-LAN relay answers at that address.',
  CHECK_RELAY_RUNS: () => 'Check that it is running, and that its address is right.',
  USE_ANOTHER_METHOD: () => 'That relay wakes only one machine; use another method for this one.',

  // Wake methods, as part of a sentence.
  WAKE_BY_PACKETS: () => 'magic packets from this computer',
  WAKE_BY_AGENT: ({ node }: { node: string | null }) =>
    `the agent of ${node ?? 'a node that no longer exists'}`,
  WAKE_BY_RELAY: ({ host }: { host: string }) => `the relay ${host}`,
  WAKE_BY_COMMAND: ({ program }: { program: string }) => `the command ${program}`,

  // Why a wake method cannot be used, or did not work.
  NO_MAC_ADDRESS: () => 'It has no MAC address.',
  NO_WAKE_DESTINATION: () => 'Its address is on this computer: set a wake destination.',
  NO_AGENT_TO_WAKE_WITH: () => 'That node has no agent to wake it with.',
  NOTHING_ANSWERED: ({ ms }: { ms: number }) => `Nothing answered for ${formatDuration(ms)}.`,
};

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

/** Waking a machine. */
export const wakeMessages = {
  NODE_WOKE: ({ node, tookMs }: { node: string; tookMs: number }) =>
    `${node} woke in ${formatDuration(tookMs)}.`,
  NODE_WAS_AWAKE: ({ node }: { node: string }) => `${node} was already awake.`,
  NODE_WOKE_DURING_SLEEP: ({ node }: { node: string }) => `${node} woke while this computer slept.`,
  NODE_DID_NOT_WAKE: ({ node }: { node: string }) => `${node} did not wake.`,
  WAKE_CANCELLED: ({ node }: { node: string }) => `Waking ${node} was cancelled.`,
  WAKE_TRIED: tried,
  WAKE_FAILURE: ({ error, methods }: Tried & { error: Text }) => sentences(error, tried({ methods })),

  // Wake methods, as part of a sentence.
  WAKE_BY_PACKETS: () => 'magic packets from this computer',
  WAKE_BY_AGENT: ({ node }: { node: string | null }) =>
    `the agent of ${node ?? 'a node that no longer exists'}`,
  WAKE_BY_RELAY: ({ host }: { host: string }) => `the relay ${host}`,
  WAKE_BY_COMMAND: ({ program }: { program: string }) => `the command ${program}`,

  // Why a wake method cannot be used, or did not work.
  NO_MAC_ADDRESS: () => 'It has no MAC address.',
  NO_WAKE_DESTINATION: () => 'Its address is on this computer: give it a wake destination.',
  NO_AGENT_TO_WAKE_WITH: () => 'That node has no agent that could be asked.',
  NOTHING_ANSWERED: ({ ms }: { ms: number }) => `Nothing answered for ${formatDuration(ms)}.`,
};

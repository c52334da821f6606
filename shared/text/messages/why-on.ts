import { plural } from '../../units.ts';
import { givesReason } from '../lease-purpose.ts';
import type { Text } from '../types.ts';

/** "Why is it on?", one sentence each. */
export const whyOnMessages = {
  LEASE_HELD: ({ holder, purpose }: { holder: string; purpose: string }) =>
    givesReason(purpose) ? `Kept awake by ${holder}: ${purpose}.` : `Kept awake by ${holder}.`,
  RUNS_PILOTLIGHT: () => 'Pilotlight is running on it.',
  GOING_OFF: () => 'It is going off.',
  IDLE_ABOUT_TO_GO: () => 'Idle. It is about to go off.',
  IDLE_GOES_OFF: () => 'Idle. It goes off if nothing changes.',
  IDLE_NOT_ALLOWED: () => 'Idle. Its policy never lets Pilotlight power it off.',
  IDLE_NOT_WOKEN: () => "Idle. Pilotlight didn't wake it, so its policy leaves it on.",
  IDLE_WOKEN_UNKNOWN: () =>
    'Idle. Pilotlight no longer knows whether it woke it, so its policy leaves it on.',
  IDLE_KEPT_ON: () => 'Idle. The last power-off was cancelled, so it stays on until it is next needed.',
  IDLE_NO_MEANS: () => 'Idle. Pilotlight cannot power it off.',
  IDLE_CANNOT: () => 'Idle. Its shutdown server can only shut down, but its policy asks for something else.',
  IDLE_OTHER_PANEL: () => 'Idle here, but the policy of another panel keeps it on.',
  IDLE_OTHER_NODE: () =>
    'Idle here, but it is the same machine as another node, whose policy or agent decides.',
  AGENT_SILENT: () => 'Its agent cannot be reached, so it is unknown whether it is in use.',
  IN_USE_SOMEHOW: () => 'It is in use.',

  // How it is used.
  NO_ANSWER_USE_UNKNOWN: () => 'It did not answer, so it is unknown whether it is in use.',
  SAME_MACHINE_AS: ({ node, reason }: { node: string; reason: Text }) =>
    `${node} is the same machine: ${reason}`,
  REQUESTS_IN_FLIGHT: ({ count }: { count: number }) =>
    count === 1 ? 'A request is being answered.' : `${plural(count, 'request')} are being answered.`,
  MODEL_ANSWERING: ({ model }: { model: string }) => `${model} is answering.`,
  MODEL_WAS_LOADED: ({ model }: { model: string }) => `${model} was loaded.`,
  MODEL_WAS_USED: ({ model }: { model: string }) => `${model} was used.`,
  GPU_BUSY: ({ percent }: { percent: number }) => `A GPU is busy (${Math.round(percent)}%).`,
  GPU_LOAD_UNKNOWN: ({ reason }: { reason: Text }) => `Cannot tell whether a GPU is busy: ${reason}`,
  GPU_LOAD_NOT_REPORTED: ({ gpu }: { gpu: string }) => `${gpu} does not report its load.`,
  NO_RECENT_READING: () => 'Its agent has not sent a reading recently.',
  TOOL_FAILS: () => 'A tool on that machine is failing.',
};

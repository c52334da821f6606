import { formatDuration } from '../../units.ts';
import type { Text } from '../types.ts';

const verbs = { shutdown: 'shut down', sleep: 'sleep', hibernate: 'hibernate' };

/** A rehearsal: the machine goes off and is woken again. */
export const rehearsalMessages = {
  // Titles of the steps.
  STEP_READY: () => 'It can be rehearsed',
  STEP_GO_OFF: () => 'It is told to go off',
  STEP_OFF: () => 'It goes off',
  STEP_WAKE: () => 'It is woken',
  STEP_SERVES: () => 'It serves',
  STEP_GPU_AFTER_WAKE: () => 'Its GPU works',
  STEP_BOOT_TIME: () => 'Its boot time is learned',

  // Whether it can be rehearsed.
  REHEARSE_OTHERS: () => 'Rehearse a machine that Pilotlight wakes.',
  CANNOT_WAKE_AGAIN: () => 'Pilotlight does not know how to wake it again.',
  ADD_MAC_AND_METHOD: () => 'Enter its MAC address and a wake method; a diagnosis shows what is missing.',
  LET_PEOPLE_WAKE_IT: () => 'Allow people to wake it in its policy.',
  ONLY_WAKE_REHEARSED: () => 'It is off, so only its wake is rehearsed.',
  BEING_WOKEN: () => 'It is being woken.',
  REHEARSE_WHEN_SERVING: () => 'Rehearse it once it serves.',
  NOT_REHEARSED_YET: () => 'It has not been checked yet.',
  REHEARSE_SOON: () => 'Rehearse it in a moment.',
  CANNOT_POWER_OFF_HERE: () => 'Pilotlight cannot power it off.',
  ADD_POWER_ROLE: () =>
    'Run the agent there with the power role, or enter its shutdown server. You can also put it to sleep yourself, then rehearse its wake.',
  REHEARSE_WHEN_OFF: () => 'Rehearse it when it is off.',
  USED_FOR: ({ use }: { use: Text }) => `It is needed for ${use}.`,
  RELEASE_OR_WAIT: () => 'Release its leases, or rehearse it later.',
  REHEARSE_WHEN_IDLE: () => 'Rehearse it when it is idle.',
  READY_TO_REHEARSE: () => 'It is idle.',

  // It goes off.
  ALREADY_OFF: () => 'It is already off.',
  TOLD_TO: ({ action }: { action: keyof typeof verbs }) => `It was told to ${verbs[action]}.`,
  COUNTING_DOWN: () => 'It is counting down.',
  STILL_ON: ({ ms }: { ms: number }) => `It still answers after ${formatDuration(ms)}.`,
  FIND_WHAT_KEEPS_ON: () =>
    'Check what keeps it on. Its agent may not be allowed to power it off: run `agent.mjs install` there.',
  WENT_OFF: ({ ms }: { ms: number }) => `It went off after ${formatDuration(ms)}.`,
  ADAPTER_SETTLES: ({ ms }: { ms: number }) =>
    `It went off after ${formatDuration(ms)}. Its network adapter gets a moment to start listening.`,

  // It is woken.
  WAKE_BEGAN: () => 'The wake has started.',
  WOKEN_BY: ({ method }: { method: Text }) => `Woken by ${method}.`,
  WAITING_TO_SERVE: () => 'Waiting until it serves.',
  SERVES_AFTER: ({ ms, server }: { ms: number; server: boolean }) =>
    `${server ? 'Ollama' : 'Its agent'} answers, ${formatDuration(ms)} later.`,
  GPU_WORKS: () => 'Its GPU works.',
  BOOT_NOT_MEASURED: () => 'Its boot time could not be measured this time.',
  BOOT_LEARNED: ({ ms }: { ms: number }) =>
    `It usually takes ${formatDuration(ms)}; from now on, a wake shows its progress.`,

  // What a cancelled rehearsal leaves behind.
  STAYS_ON: () => 'It stays on.',
  OFF_UNTIL_WOKEN: () => 'It is off: wake it when you need it.',
  MAY_STILL_GO_OFF: () => 'It was told to go off, and may still do so: wake it when you need it.',
  WAKE_STOPPED: () => 'The wake was stopped: the machine is off, or still coming up.',
};

/** Errors of waking a machine. */
import type { Catalogue } from './entry.ts';

export const wakeErrors = {
  CANNOT_WAKE: {
    message: 'Pilotlight does not know how to wake this machine.',
    next: 'Enter its MAC address.',
    status: 409,
  },
  WAKE_FAILED: {
    message: 'No wake packet could be sent.',
    next: 'Check the network connection of this computer and the wake destinations.',
    status: 502,
  },
  WAKE_TIMEOUT: {
    message: 'The machine did not come up in time.',
    next: 'Check Wake-on-LAN in its firmware and network adapter, then try again.',
    status: 504,
  },
  ALREADY_AWAKE: { message: 'The machine is already awake.', next: 'No action is needed.', status: 409 },
  WAKE_NOT_ALLOWED: {
    message: 'Its policy does not allow it to be woken for this now.',
    next: 'Change its policy, or wake it yourself.',
    status: 409,
  },
  RELAY_FAILED: {
    message: 'The relay did not wake the machine.',
    next: 'Check that the relay is running and may wake this MAC address.',
    status: 502,
  },
  COMMAND_FAILED: {
    message: 'The command failed.',
    next: 'Run it in a terminal to see why, then correct it.',
    status: 502,
  },
  BAD_COMMAND: {
    message: 'This command cannot be run.',
    next: 'Enter the program and each of its arguments; it runs without a shell.',
    status: 400,
  },
  BAD_WAY: {
    message: 'This is not a wake method.',
    next: 'Choose direct, the agent of another node, a relay by its URL, or a command.',
    status: 400,
  },
} as const satisfies Catalogue;

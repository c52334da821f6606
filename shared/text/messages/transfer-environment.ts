import { sentences } from '../grammar.ts';

/** Importing the environment file of an existing server. */
export const transferEnvironmentMessages = {
  // Lines that cannot be read. They never repeat the line, which may contain part of a password.
  LINE_NOT_A_VARIABLE: () => 'This line is not like NAME=value.',
  QUOTE_NOT_CLOSED: ({ name }: { name: string }) => `The quote after ${name}= is never closed.`,
  TEXT_AFTER_QUOTE: ({ name }: { name: string }) => `There is text after the quotes of ${name}.`,

  // Names without a use here.
  BOOT_WAIT_NOT_NEEDED: () => 'Not needed: Pilotlight checks until the machine serves.',
  PROVIDER_CHOSEN_BY_TIMING: () => 'Not needed: each model is timed, and runs where it is fastest.',
  VARIABLE_MISSING_FOR_RUNNER: () => 'Without GPU_WORKER_URL there is no runner to use.',
  WORKER_SWITCHED_OFF: () => 'GPU_WORKER_ENABLED is set to off.',
  NAMES_UNKNOWN: ({ more }: { more: number }) =>
    more === 0
      ? 'Pilotlight does not use these names.'
      : `Pilotlight does not use these names, nor ${more} others.`,

  // The machine.
  VARIABLE_MISSING: ({ name }: { name: string }) => `Without ${name} there is no machine to add.`,
  MACHINE_SWITCHED_OFF: () => 'GPU_OLLAMA_ENABLED is set to off.',
  MACHINE_ADDED_AT: ({ address, wake }: { address: string; wake: 'relay' | 'packets' | null }) =>
    sentences(
      `Added at ${address}.`,
      wake === null
        ? 'Without GPU_WOL_MAC it cannot be woken.'
        : `It can be woken by its ${wake === 'relay' ? 'relay' : 'MAC address'}.`,
    ),
  SECRET_WITHOUT_SERVER: () => 'Without GPU_SHUTDOWN_URL there is no shutdown server to use it for.',
  SECRET_STORED: () => 'It is stored with the other secrets, and never shown.',
  POWER_OFF_SAME: ({ on }: { on: boolean }) =>
    on ? 'Its policy already powers it off when idle.' : 'Its policy already never powers it off.',
  POWER_OFF_CHANGES: ({ on }: { on: boolean }) =>
    on ? 'Its policy will power it off when idle.' : 'Its policy will never power it off.',

  // Values.
  SETTING_EMPTY: () => 'It is empty, so the current setting is kept.',
  WRITE_TRUE_OR_FALSE: () => 'Write true or false.',
  WRITE_MODEL_NAMES: () => 'Write names of models, separated by commas.',
  WRITE_NUMBER: () => 'Write a whole number.',
  WRITE_PROVIDER: () => 'Write auto, directml, cuda, coreml, webgpu or cpu.',
  WRITE_SECONDS: () => 'Write a number of seconds.',
};

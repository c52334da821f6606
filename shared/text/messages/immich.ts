/** The door for Immich. */
export const immichMessages = {
  /** As a purpose of a lease. */
  USED_FOR_IMMICH: () => 'Immich’s machine learning',
  IMMICH_PORT_TAKEN: ({ port }: { port: number }) => `Another program uses port ${port}.`,
  IMMICH_PORT_REFUSED: ({ port, reason }: { port: number; reason: string }) =>
    `The door for Immich cannot listen on port ${port}: ${reason}.`,
  FREE_IMMICH_PORT: () =>
    'Stop the other program, such as Immich’s own machine learning, or choose another port in Settings → Immich.',
  IMMICH_STAYS_LOCAL: () => 'It listens on this computer only, because no address may connect yet.',
  ADD_IMMICH_ADDRESS: () => 'Enter Immich’s address in Settings → Immich, or let anyone on the network in.',
  IMMICH_MODEL_MISSING: ({ model }: { model: string }) => `Immich asked for ${model}, which no runner has.`,
  IMMICH_MODEL_MISSING_HINT: ({ runners }: { runners: readonly string[] }) =>
    runners.length === 0
      ? 'Set Immich’s model folder in Settings → Immich, or for the agent of the GPU machine.'
      : `Not found on: ${runners.join(', ')}. Let Immich’s own machine learning download it once, or copy its folder there.`,
  IMMICH_WOKE: ({ node }: { node: string }) => `${node} woke for Immich.`,
  IMMICH_WAKE_FAILED: ({ node, reason }: { node: string; reason: string }) =>
    `${node} did not wake for Immich: ${reason}`,
  IMMICH_RETRIES: () => 'Immich’s pictures are refused for a moment, and Immich sends them again later.',
  RUNNER_NOT_ON_NODE: ({ node }: { node: string }) => `The agent on ${node} runs no runner.`,
};

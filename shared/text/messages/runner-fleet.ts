/** The runners of the fleet. */
export const runnerFleetMessages = {
  /** As a purpose of a lease. */
  USED_FOR_EMBEDDING: ({ model }: { model: string }) => `embedding with ${model}`,
  USED_FOR_FACES: () => 'finding faces',

  MODEL_FITS_RUNNER: ({ provider }: { provider: string }) => `It runs on ${provider}.`,
  RUNNER_USES_CPU: ({ node }: { node: string }) => `The runner on ${node} runs it on the CPU.`,
  RUNNER_GPU_GONE: ({ node, provider }: { node: string; provider: string }) =>
    `The runner on ${node} used ${provider} before, and works on the CPU now.`,
  RUNNER_MODEL_OTHER_HASH: ({ node, model }: { node: string; model: string }) =>
    `The runner on ${node} has other files under the name ${model} than before.`,
  RUNNER_OTHER_DIMENSIONS: ({
    node,
    model,
    before,
    now,
  }: {
    node: string;
    model: string;
    before: number;
    now: number;
  }) => `The runner on ${node} made vectors of ${now} numbers with ${model}; they had ${before} before.`,
  RUNNER_MODEL_NOT_THERE: ({ node, model }: { node: string; model: string }) =>
    `The runner on ${node} does not have ${model}.`,
  NO_RUNNER_HAS_MODEL: ({ model }: { model: string }) => `No runner that is awake has ${model}.`,
  RUNNER_RESTS: ({ node }: { node: string }) =>
    `The runner on ${node} failed repeatedly, and gets no requests for a moment.`,
  RUNNER_NOT_SERVING: ({ node }: { node: string }) => `The runner on ${node} does not serve now.`,
  RUNNER_ENDED: ({ code }: { code: number | null }) =>
    code === null ? 'The runner ended.' : `The runner ended with code ${code}.`,
  ADD_MODEL_TO_RUNNER: () => 'Add it on the Runner page, or with "npm run pilotlight -- runner models add".',
  RUNNER_STARTED_AGAIN: () => 'Pilotlight starts it again by itself.',
  RUNNER_RECOVERED: ({ node }: { node: string }) => `The runner on ${node} uses its GPU again.`,
};

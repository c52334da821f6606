import { formatCount, plural } from '../../units.ts';

const wakes: Readonly<Record<string, string>> = {
  'if-needed': 'a machine is woken only if none that is awake has the model',
  wait: 'requests wait for a machine with a GPU',
  'cpu-meanwhile': 'a machine without a GPU serves while one with a GPU wakes',
  'cpu-after': 'a machine without a GPU serves if one with a GPU needs too long to wake',
  never: 'no machine is woken',
};

const context = (length: number | null) =>
  length === null ? 'the default context' : `a context of ${formatCount(length)}`;

/** Which requests wake a machine, wait or are kept back, and why. */
export const gatewayHoldingMessages = {
  WAKE_RULE_NONE: () =>
    'No policy names this model or program: a machine is woken only if none that is awake has the model.',
  WAKE_RULE: ({ model, ofKey, wake }: { model: string | null; ofKey: boolean; wake: string }) =>
    `Policy for ${model ?? 'every model'}${ofKey ? ' with this key' : ''}: ${wakes[wake] ?? wake}.`,
  WAKE_RULE_WITHOUT_MODEL: ({ model }: { model: string }) =>
    `No machine has ${model} now, so this policy has nothing to apply to yet.`,
  /** As a purpose of a lease. */
  GATEWAY_WAKE_FOR: ({ program, model }: { program: string | null; model: string }) =>
    `${program ?? 'a program without a name'} asks for ${model}`,
  GATEWAY_RULE_WAKES_NOTHING: ({ model }: { model: string }) =>
    `${model} is on machines that are asleep, and a policy says that requests for it wake none.`,
  GATEWAY_CALL_WAKES_NOTHING: ({ model, path }: { model: string; path: string }) =>
    `${model} is on machines that are asleep, and calls of ${path} wake none.`,
  GATEWAY_WOKE_WITHOUT_GPU: ({ model }: { model: string }) =>
    `The machine with ${model} is awake without its GPU, and a policy says that requests for it wait for a GPU.`,
  GATEWAY_RETRY_LOOP_REFUSED: ({
    program,
    model,
    requests,
  }: {
    program: string | null;
    model: string;
    requests: number;
  }) => `${program ?? 'This program'} asked for ${model} ${plural(requests, 'time')} without waiting.`,
  GATEWAY_RETRY_LOOP: ({
    program,
    model,
    requests,
  }: {
    program: string | null;
    model: string;
    requests: number;
  }) =>
    `${program ?? 'A program without a name'} retries in a loop: ${plural(requests, 'request')} for ${model} that came too early. It is kept back.`,
  SLOW_DOWN_PROGRAM: () => 'Let it wait as long as the header Retry-After says.',
  GATEWAY_CONTEXT_THRASH: ({
    program,
    model,
    node,
    contextLength,
    otherContextLength,
    reloads,
  }: {
    program: string | null;
    model: string;
    node: string;
    contextLength: number | null;
    otherContextLength: number | null;
    reloads: number;
  }) =>
    `${program ?? 'A program without a name'} asks for ${model} with ${context(contextLength)}, others with ${context(otherContextLength)}: ${node} had to load it again ${plural(reloads, 'time')}.`,
  SET_CONTEXT_RULE: () =>
    'Give the program the same context, or set a rule for the model (gateway.contextRules).',
  GATEWAY_SLOTS_SET: ({ slots }: { slots: number }) => `Set to ${plural(slots, 'request')} at once.`,
  GATEWAY_SLOTS_LEARNED: ({ slots }: { slots: number }) =>
    `Its answers show that it works on ${plural(slots, 'request')} at once and lets others wait, so these wait at the gateway.`,
  GATEWAY_SLOTS_NONE: () => 'It has not let requests wait so far.',
};

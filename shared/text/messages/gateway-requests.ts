import { formatMemory } from '../../units.ts';
import { list } from '../grammar.ts';

/** Why the gateway chose a node without comparing, refused a request, or could not finish it. */
export const gatewayRequestMessages = {
  ROUTE_CHOSEN_NODE: () => 'The machine was chosen by the request or the settings.',
  ROUTE_JUST_CHANGED: ({ node }: { node: string }) =>
    `The models of ${node} have just been changed, so it may have this one.`,
  ROUTE_SPLIT: () => 'Several machines with the same weights share the batch.',
  /** Both exactly as Ollama says them: programs look for them. */
  GATEWAY_MODEL_NOT_FOUND: ({ model }: { model: string }) => `model '${model}' not found`,
  GATEWAY_MODEL_NOT_PULLED: ({ model }: { model: string }) =>
    `model ${JSON.stringify(model)} not found, try pulling it first`,
  GATEWAY_NODES_ASLEEP: ({ model, nodes }: { model: string; nodes: readonly string[] }) =>
    `${model} is only on ${list(nodes)}, which ${nodes.length === 1 ? 'is' : 'are'} asleep or unreachable.`,
  GATEWAY_NODES_FAILING: ({ model, nodes }: { model: string; nodes: readonly string[] }) =>
    `${list(nodes)} failed several times in a row, and no other machine can serve ${model} now.`,
  GATEWAY_MODEL_MOVING: ({ model, nodes }: { model: string; nodes: readonly string[] }) =>
    `${model} is being moved on ${list(nodes)}.`,
  GATEWAY_OTHER_DIALECT: ({ model, nodes }: { model: string; nodes: readonly string[] }) =>
    `${model} is on ${list(nodes)}, which ${nodes.length === 1 ? 'does' : 'do'} not speak this API.`,
  GATEWAY_NODE_ASLEEP: ({ node }: { node: string }) => `${node} is asleep or unreachable.`,
  GATEWAY_NODE_UNKNOWN: ({ node }: { node: string }) => `There is no machine called ${node}.`,
  GATEWAY_NODE_UNREACHABLE: ({ node }: { node: string }) => `${node} does not answer.`,
  GATEWAY_NODE_CUT_OFF: ({ node }: { node: string }) => `${node} stopped in the middle of its answer.`,
  GATEWAY_NODE_NO_ANSWER: ({ node }: { node: string }) =>
    `What answers at the address of ${node} is not an inference server.`,
  REQUEST_NOT_IN_PROGRESS: () => 'This request has ended already.',
  REQUEST_UNKNOWN: () => 'This request is not known any more.',
  PROMPT_NOT_KEPT: () => 'What this request asked was not kept.',
  KEEP_PROMPTS_FIRST: () => 'Turn on keeping prompts first; it applies to requests that arrive from then on.',
  GATEWAY_MODEL_FORBIDDEN: ({ model }: { model: string }) => `This key may not use ${model}.`,
  GATEWAY_BODY_LIMIT: ({ limitBytes }: { limitBytes: number }) =>
    `The request is larger than ${formatMemory(limitBytes)}.`,
  GATEWAY_ENCODING: ({ encoding }: { encoding: string }) =>
    `The Content-Encoding ${encoding} is not supported.`,
};

import type { MethodName } from '../../../shared/contract/methods.ts';
import type { WakeRequester } from '../policies/policy.ts';
import type { Clock } from '../ports/time.ts';
import type { Handlers } from '../runtime/handlers.ts';
import type { RunnersService } from './model.ts';

type Names = Extract<MethodName, `runner.${string}`>;

export function runnerMethods({
  runners,
  clock,
}: {
  runners: RunnersService;
  clock: Pick<Clock, 'monotonic'>;
}): Handlers<Names> {
  const since = (startedAt: number) => Math.round((clock.monotonic() - startedAt) * 10) / 10;
  return {
    'runner.list': () => runners.list(),
    'runner.start': (_, { signal }) => runners.startLocal(signal),
    'runner.stop': () => runners.stopLocal(),
    'runner.models.add': ({ nodeId, ...model }, { signal }) => runners.addModel(nodeId, model, signal),
    'runner.models.remove': ({ nodeId, name }, { signal }) => runners.removeModel(nodeId, name, signal),
    'runner.models.load': ({ nodeId, name }, { signal }) => runners.loadModel(nodeId, name, signal),
    'runner.models.drop': ({ nodeId, name }, { signal }) => runners.dropModel(nodeId, name, signal),
    async 'runner.embed'({ wake, ...request }, { signal, credentialId }) {
      const startedAt = clock.monotonic();
      const wakeBy = wakerOf(wake, credentialId);
      const { hash, vectors, nodes } = await runners.embed({ ...request, wakeBy }, signal);
      return {
        model: request.model,
        hash,
        dimensions: vectors[0]?.length ?? 0,
        vectors: vectors.map((vector) => [...vector]),
        nodes,
        tookMs: since(startedAt),
      };
    },
    async 'runner.similarity'({ nodeId, model, text, others }, { signal }) {
      const startedAt = clock.monotonic();
      const request = { nodeId, model, texts: [text, ...others], as: 'passage' } as const;
      const { vectors } = await runners.embed(request, signal);
      const [first, ...rest] = vectors;
      const similarities = first === undefined ? [] : rest.map((other) => cosine(first, other));
      return { similarities, tookMs: since(startedAt) };
    },
    async 'runner.faces'({ wake, ...request }, { signal, credentialId }) {
      const startedAt = clock.monotonic();
      const wakeBy = wakerOf(wake, credentialId);
      return { ...(await runners.faces({ ...request, wakeBy }, signal)), tookMs: since(startedAt) };
    },
    'runner.catalogue': ({ nodeId }, { signal }) => runners.catalogue(nodeId, signal),
    'runner.pull': ({ nodeId, name }, { signal }) => runners.pull(nodeId, name, signal),
    'runner.cancelPull'({ nodeId, name }) {
      runners.cancelPull(nodeId, name);
      return { ok: true };
    },
  };
}

/** The machine's policy decides: what a program with a key asks for counts as a request, like one to the gateway. */
function wakerOf(wake: boolean, credentialId: string | null): WakeRequester | undefined {
  if (!wake) return undefined;
  return credentialId === null ? 'person' : 'request';
}

function cosine(one: Float32Array, other: Float32Array): number {
  let product = 0;
  let lengths = 0;
  let otherLengths = 0;
  for (const [place, value] of one.entries()) {
    const second = other[place] ?? 0;
    product += value * second;
    lengths += value * value;
    otherLengths += second * second;
  }
  return lengths === 0 || otherLengths === 0 ? 0 : product / Math.sqrt(lengths * otherLengths);
}

/** The decoder of a speech model: the next token's logits, from what was said and what it remembers of it. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { toFloats } from '../inference/float16.ts';
import type { Tensor } from '../sessions.ts';
import { ENCODED, isRemembered, PAST, USES_PAST, writtenAs } from './graph-names.ts';
import type { HeldGraph, HeldTensor, MakeTensor } from './held.ts';

/** What the decoder remembers, by the names of its inputs. Never changed: a second try begins from the same one. */
export type Memory = Readonly<Record<string, HeldTensor>>;

export interface Step {
  /** Of the token after each given one. */
  logits(index: number): Float32Array;
  memory: Memory;
}

export interface Decoder {
  /** @param memory null at the beginning */
  step(tokens: readonly number[], memory: Memory | null): Promise<Step>;
}

export interface DecoderOptions {
  /** The same one twice if it can do without a memory as well. */
  first: HeldGraph;
  next: HeldGraph;
  encoded: HeldTensor;
  make: MakeTensor;
  heads: number;
  headSize: number;
}

const LOGITS = 'logits';

export function createDecoder({ first, next, encoded, make, heads, headSize }: DecoderOptions): Decoder {
  const remembered = next.inputs.filter(({ name }) => name.startsWith(PAST));

  function emptyOf(type: string): HeldTensor {
    const isHalf = type === 'float16';
    const none = isHalf ? new Uint16Array(0) : new Float32Array(0);
    return make(isHalf ? 'float16' : 'float32', none, [1, heads, 0, headSize]);
  }

  function feedsFor(graph: HeldGraph, tokens: readonly number[], memory: Memory | null) {
    const ids = make('int64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]);
    const at = memory === null ? 0 : lengthOf(memory);
    const positions = () =>
      make(
        'int64',
        BigInt64Array.from(tokens, (_, index) => BigInt(at + index)),
        [tokens.length],
      );
    return Object.fromEntries(
      graph.inputs.map(({ name, type }) => {
        if (name === 'input_ids') return [name, ids];
        if (name === ENCODED) return [name, encoded];
        if (name === USES_PAST) return [name, make('bool', Uint8Array.of(memory === null ? 0 : 1), [1])];
        if (name === 'cache_position') return [name, positions()];
        return [name, memory?.[name] ?? emptyOf(type)];
      }),
    );
  }

  return {
    async step(tokens, memory) {
      const graph = memory === null ? first : next;
      // What it remembers of the sound stays the same.
      const changed = remembered.filter(({ name }) => memory === null || isRemembered(name) === 'said');
      const names = changed.map(({ name }) => writtenAs(name));
      const answers = await graph.run(feedsFor(graph, tokens, memory), [LOGITS, ...names]);
      const logits = answers[LOGITS];
      const written = changed.map(({ name }) => [name, answers[writtenAs(name)]] as const);
      if (logits === undefined || written.some(([, tensor]) => tensor === undefined))
        throw new PilotlightError('RUNNER_BAD_GRAPH');
      const size = logits.dims.at(-1) ?? 0;
      return {
        logits: (index) => rowOf(logits, index, size),
        memory: { ...memory, ...Object.fromEntries(written as [string, HeldTensor][]) },
      };
    },
  };
}

/** Tokens that it remembers. */
function lengthOf(memory: Memory): number {
  const said = Object.entries(memory).find(([name]) => isRemembered(name) === 'said');
  return said?.[1].dims[2] ?? 0;
}

/** A copy. */
function rowOf({ type, data }: HeldTensor, index: number, size: number): Float32Array {
  const row = (data as Float32Array | Uint16Array).slice(index * size, (index + 1) * size);
  const floats = row instanceof Uint16Array ? toFloats({ type: type as Tensor['type'], data: row }) : row;
  return floats instanceof Float32Array ? floats : Float32Array.from(floats);
}

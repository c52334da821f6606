/** How exporters name the inputs and outputs of a speech model's graphs. Pure. */
import type { GraphValue } from '../sessions.ts';

export const SOUND = 'input_features';
export const ENCODED = 'encoder_hidden_states';
export const PAST = 'past_key_values.';
/** Of a decoder that can do both: whether its memory counts. */
export const USES_PAST = 'use_cache_branch';

/** `past_key_values.0.decoder.key` comes back as `present.0.decoder.key`. */
export const writtenAs = (name: string): string => `present.${name.slice(PAST.length)}`;

/** What an input of the memory is about: the tokens that were said, or the sound. */
export const isRemembered = (name: string): 'said' | 'sound' =>
  name.includes('.encoder.') ? 'sound' : 'said';

const known = new Set(['input_ids', ENCODED, USES_PAST, 'cache_position']);

/** Inputs of a decoder for which there is nothing to give. */
export const unknownInputs = (inputs: readonly GraphValue[]): string[] =>
  inputs.map(({ name }) => name).filter((name) => !known.has(name) && !name.startsWith(PAST));

/** What a decoder does not give, though it is needed. */
export function missingOutputs(
  outputs: readonly GraphValue[],
  inputs: readonly GraphValue[],
  isFirst: boolean,
) {
  const given = new Set(outputs.map(({ name }) => name));
  const wanted = inputs
    .map(({ name }) => name)
    .filter((name) => name.startsWith(PAST) && (isFirst || isRemembered(name) === 'said'))
    .map(writtenAs);
  return ['logits', ...wanted].filter((name) => !given.has(name));
}

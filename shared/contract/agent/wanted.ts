/**
 * Values that an agent accepts from outside. The error of each schema names what is expected, for a refusal like
 * "ttlSeconds: a whole number from 1 to 86400 is wanted, not 0."
 */
import * as z from 'zod/mini';
import { parseWebUrl } from '../../network/web-address.ts';

export function text(most: number, pattern?: RegExp, wanted = `a text of 1 to ${most} characters`) {
  const isRight = (value: string) =>
    value.length > 0 && value.length <= most && !hasControl(value) && (pattern?.test(value) ?? true);
  return z.string({ error: wanted }).check(z.refine(isRight, { error: wanted }));
}

export function integer(least: number, most: number) {
  const error = `a whole number from ${least} to ${most}`;
  return z.int({ error }).check(z.minimum(least, { error }), z.maximum(most, { error }));
}

export const flag = () => z.boolean({ error: 'true or false' });

export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: words.join(' or ') });
}

/** An object with exactly these fields. */
export function fields<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.strictObject(shape, { error: 'an object' });
}

export function listOf<Item extends z.ZodMiniType>(item: Item, most: number) {
  const error = `a list of at most ${most}`;
  return z.array(item, { error }).check(z.maxLength(most, { error }));
}

/** The address of a web server, without a user name or password in it. */
export function webUrl(most: number) {
  const error = 'an http:// or https:// address';
  const parse = (value: string) => (value.length <= most ? parseWebUrl(value, { query: true }) : null);
  return z.pipe(
    z.string({ error }).check(z.refine((value) => parse(value) !== null, { error })),
    z.transform((value) => parse(value)?.href ?? ''),
  );
}

function hasControl(value: string): boolean {
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    if (code < 32 || code === 127) return true;
  }
  return false;
}

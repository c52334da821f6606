/** Values from another version of Pilotlight: bounded, and null if it omits them. */
import * as z from 'zod/mini';

export const word = z.string().check(z.maxLength(200));
export const sentence = z.pipe(
  z.string(),
  z.transform((text) => text.slice(0, 500)),
);
export const seconds = z.number().check(z.minimum(0), z.maximum(1e9));

/** null if it is omitted. */
export const orNull = <Schema extends z.ZodMiniType>(schema: Schema) =>
  z.pipe(
    z.nullish(schema),
    z.transform((value): z.output<Schema> | null => value ?? null),
  );

/** For people and scripts. Pilotlight doesn't read it, so any value is accepted. */
export const unread = <Value>() =>
  z.optional(
    z.pipe(
      z.custom<Value>(),
      z.transform(() => undefined),
    ),
  );

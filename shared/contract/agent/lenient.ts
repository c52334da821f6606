/** Values of another version of Pilotlight: bounded, and null where it leaves them out. */
import * as z from 'zod/mini';

export const word = z.string().check(z.maxLength(200));
export const sentence = z.pipe(
  z.string(),
  z.transform((text) => text.slice(0, 500)),
);
export const seconds = z.number().check(z.minimum(0), z.maximum(1e9));

/** null where it is left out. */
export const orNull = <Schema extends z.ZodMiniType>(schema: Schema) =>
  z.pipe(
    z.nullish(schema),
    z.transform((value): z.output<Schema> | null => value ?? null),
  );

/** Sent for people and scripts. Pilotlight doesn't read it, so whatever it is refuses nothing. */
export const unread = <Value>() =>
  z.optional(
    z.pipe(
      z.custom<Value>(),
      z.transform(() => undefined),
    ),
  );

/** Values from another version of Pilotlight: bounded, on one line, and null if it omits them. */
import * as z from 'zod/mini';
import { oneLine } from '../../printable.ts';

/** Names, ids and versions. */
export const word = z.string().check(z.maxLength(200), z.overwrite(oneLine));
export const sentence = z.pipe(
  z.string(),
  z.transform((text) => oneLine(text.slice(0, 500))),
);
export const seconds = z.number().check(z.minimum(0), z.maximum(1e9));

/** null if it is omitted. */
export const orNull = <Schema extends z.ZodMiniType>(schema: Schema) =>
  z.pipe(
    z.nullish(schema),
    z.transform((value): z.output<Schema> | null => value ?? null),
  );

/** Left out if it is missing; `null` means missing, as in every answer. */
export const orLeftOut = <Schema extends z.ZodMiniType>(schema: Schema) =>
  z.optional(
    z.pipe(
      z.nullable(schema),
      z.transform((value): z.output<Schema> | undefined => value ?? undefined),
    ),
  );

/** The value that stands for "not known" if it is missing. */
export const orDefault = <Schema extends z.ZodMiniType>(schema: Schema, fallback: z.output<Schema>) =>
  z.pipe(
    z.nullish(schema),
    z.transform((value): z.output<Schema> => value ?? fallback),
  );

/** The entries that can be read: one odd entry never fails a list. A list of more than `most` entries is refused. */
export const listOf = <Entry extends z.ZodMiniType>(entry: Entry, most: number) =>
  z.pipe(
    z.custom<readonly z.input<Entry>[]>((value) => Array.isArray(value) && value.length <= most),
    z.transform((list): z.output<Entry>[] =>
      list.flatMap((one) => {
        const read = entry.safeParse(one);
        return read.success ? [read.data] : [];
      }),
    ),
  );

/** For people and scripts. Pilotlight doesn't read it, so any value is accepted. */
export const unread = <Value>() =>
  z.optional(
    z.pipe(
      z.custom<Value>(),
      z.transform(() => undefined),
    ),
  );

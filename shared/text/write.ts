/** Writes a message with the sentences of a catalogue. */
import type { AnyMessage } from './types.ts';

type Catalogue = Readonly<Record<string, (params: never) => string>>;

/** The result never throws: a message that the catalogue lacks is shown by its code. */
export function createTextOf(catalogue: Catalogue): (message: AnyMessage) => string {
  function textOf(message: AnyMessage): string {
    if (!Object.hasOwn(catalogue, message.code)) return unknownText(message);
    const write = catalogue[message.code] as (params: unknown) => string;
    try {
      return write(written(message.params));
    } catch {
      return unknownText(message);
    }
  }

  /** Replaces every message inside the value with its English. */
  function written(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(written);
    if (typeof value !== 'object' || value === null) return value;
    if (isMessage(value)) return textOf(value);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, written(part)]));
  }

  return textOf;
}

const unknownText = ({ code }: AnyMessage) =>
  `A newer version of Pilotlight can describe this (${String(code)}).`;

function isMessage(value: object): value is AnyMessage {
  const { code, params } = value as Partial<AnyMessage>;
  return typeof code === 'string' && typeof params === 'object' && params !== null;
}

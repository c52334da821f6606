/** Turns messages into English, for panel, tray, CLI and notifications alike. Core makes them and never reads them. */
import { catalogue } from './catalogue.ts';
import type { AnyMessage } from './types.ts';

export type { Message, MessageCode, MessageOf, ParamsOf } from './catalogue.ts';
export type { AnyMessage } from './types.ts';

/** Never throws: a message of a newer version is shown by its code. */
export function textOf(message: AnyMessage): string {
  if (!Object.hasOwn(catalogue, message.code)) return unknownText(message);
  const write = catalogue[message.code as keyof typeof catalogue] as (params: unknown) => string;
  try {
    return write(written(message.params));
  } catch {
    return unknownText(message);
  }
}

/** The same for a message that may be missing: an empty text then. */
export const textOrEmpty = (message: AnyMessage | null): string => (message === null ? '' : textOf(message));

const unknownText = ({ code }: AnyMessage) =>
  `A newer version of Pilotlight can describe this (${String(code)}).`;

/** Replaces every message inside the value with its English. */
function written(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(written);
  if (typeof value !== 'object' || value === null) return value;
  if (isMessage(value)) return textOf(value);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, written(part)]));
}

function isMessage(value: object): value is AnyMessage {
  const { code, params } = value as Partial<AnyMessage>;
  return typeof code === 'string' && typeof params === 'object' && params !== null;
}

/** Turns messages into English, for panel, tray, CLI and notifications alike. Core makes them and never reads them. */
import { catalogue } from './catalogue.ts';
import type { AnyMessage } from './types.ts';
import { createTextOf } from './write.ts';

export type { Message, MessageCode, MessageOf, ParamsOf } from './catalogue.ts';
export type { AnyMessage } from './types.ts';

/** Never throws: a message of a newer version is shown by its code. */
export const textOf = createTextOf(catalogue);

/** The same for a message that may be missing: an empty text then. */
export const textOrEmpty = (message: AnyMessage | null): string => (message === null ? '' : textOf(message));

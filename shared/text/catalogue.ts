/** Every message that core can make, with its English. */
import { commonMessages } from './messages/common.ts';
import { fleetMessages } from './messages/fleet.ts';
import { wakeMessages } from './messages/wake.ts';
import type { Param, Sentences } from './types.ts';

/** A domain each; no code twice. */
export const domains = {
  common: commonMessages,
  fleet: fleetMessages,
  wake: wakeMessages,
} as const satisfies Record<string, Sentences>;

export const catalogue = { ...commonMessages, ...fleetMessages, ...wakeMessages } as const;

type Catalogue = typeof catalogue;
export type MessageCode = keyof Catalogue;

/** What has to be known for a message; nothing for one that is always the same. */
export type ParamsOf<Code extends MessageCode> =
  Parameters<Catalogue[Code]> extends [infer Params] ? Param<Params> : Record<string, never>;

/** A fact: what happened, without the words for it. */
export type Message = { [Code in MessageCode]: { code: Code; params: ParamsOf<Code> } }[MessageCode];

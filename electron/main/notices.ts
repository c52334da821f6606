import type { ActivityEntry, ActivityKind } from '../../shared/models/activity.ts';
import { textOf, textOrEmpty } from '../../shared/text/index.ts';

/** A desktop notification, and the page that a click on it opens. */
export interface DesktopNotice {
  title: string;
  body: string;
  page: PanelPage;
}

/** The pages of the panel, as its addresses name them. */
export type PanelPage = 'fleet' | 'models' | 'index' | 'activity' | 'settings';

/** More than this at once is one notification that counts them. */
const MOST_AT_ONCE = 3;

const pages: Readonly<Record<ActivityKind, PanelPage>> = {
  fleet: 'fleet',
  power: 'fleet',
  placement: 'models',
  optimizer: 'models',
  index: 'index',
  search: 'index',
  settings: 'settings',
  system: 'activity',
};

export interface NoticeFacts {
  entries: readonly ActivityEntry[];
  /** Entries up to this id were there before, or were told. */
  toldUpTo: number;
  /** Whether the person wants notifications. */
  wanted: boolean;
  /** The person looks at the window: what happens is seen there, and most of it is what they did. */
  focused: boolean;
}

/** What to tell of what happened. */
export function noticesFor({ entries, toldUpTo, wanted, focused }: NoticeFacts): DesktopNotice[] {
  if (!wanted || focused) return [];
  const fresh = entries
    .filter((entry) => entry.notify && entry.id > toldUpTo)
    .sort((one, other) => one.id - other.id);
  if (fresh.length <= MOST_AT_ONCE) {
    return fresh.map(({ message, why, kind }) => ({
      title: textOf(message),
      body: textOrEmpty(why),
      page: pages[kind],
    }));
  }
  const last = fresh.at(-1);
  return [
    {
      title: `${fresh.length} things happened`,
      body: last === undefined ? '' : `The last: ${textOf(last.message)}`,
      page: 'activity',
    },
  ];
}

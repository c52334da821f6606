import type { ActivityEntry, ActivityKind } from '../../shared/models/activity.ts';
import { printable } from '../../shared/printable.ts';
import { textOf, textOrEmpty } from '../../shared/text/index.ts';

/** A desktop notification and the page that it opens when clicked. */
export interface DesktopNotice {
  title: string;
  body: string;
  page: PanelPage;
}

/** The pages of the panel, as in its addresses. */
export type PanelPage = 'fleet' | 'models' | 'index' | 'activity' | 'settings';

/** More than this at once become one notification with their number. */
const MOST_AT_ONCE = 3;

const pages: Readonly<Record<ActivityKind, PanelPage>> = {
  fleet: 'fleet',
  power: 'fleet',
  placement: 'models',
  optimizer: 'models',
  index: 'index',
  search: 'index',
  tasks: 'activity',
  settings: 'settings',
  system: 'activity',
};

export interface NoticeFacts {
  entries: readonly ActivityEntry[];
  /** Entries up to this id are old, or were shown. */
  toldUpTo: number;
  /** Whether the person wants to be shown this one. */
  wants(entry: ActivityEntry): boolean;
  /** The window has the focus: people see there what happens, and they did most of it. */
  focused: boolean;
}

/** The notifications to show for new entries. */
export function noticesFor({ entries, toldUpTo, wants, focused }: NoticeFacts): DesktopNotice[] {
  if (focused) return [];
  const fresh = entries
    .filter((entry) => entry.id > toldUpTo && wants(entry))
    .sort((one, other) => one.id - other.id);
  if (fresh.length <= MOST_AT_ONCE) {
    return fresh.map(({ message, why, kind }) => ({
      title: printable(textOf(message)),
      body: printable(textOrEmpty(why)),
      page: pages[kind],
    }));
  }
  const last = fresh.at(-1);
  return [
    {
      title: `${fresh.length} new events`,
      body: last === undefined ? '' : `Latest: ${printable(textOf(last.message))}`,
      page: 'activity',
    },
  ];
}

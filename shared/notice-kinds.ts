/** What people are told about, by kind. Without schemas, because the panel's first page needs it. */
import type { ActivityEntry, ActivityKind } from './models/activity.ts';
import { isQuiet } from './quiet-hours.ts';

export const noticeKinds = ['machines', 'models', 'index', 'tasks', 'pilotlight'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

const kindsOfActivity: Readonly<Record<ActivityKind, NoticeKind>> = {
  fleet: 'machines',
  power: 'machines',
  placement: 'models',
  optimizer: 'models',
  index: 'index',
  search: 'index',
  tasks: 'tasks',
  settings: 'pilotlight',
  system: 'pilotlight',
};

export const noticeKindOf = (kind: ActivityKind): NoticeKind => kindsOfActivity[kind];

/** What a desktop app, or a browser that is allowed to, shows as a notification of the system. */
export const isShownOnDesktop = (
  { kind, notify, at }: Pick<ActivityEntry, 'kind' | 'notify' | 'at'>,
  {
    desktopKinds,
    quietHours,
  }: { desktopKinds: readonly NoticeKind[]; quietHours: { from: number; to: number } | null },
): boolean => notify && desktopKinds.includes(noticeKindOf(kind)) && !isQuiet(quietHours, at);

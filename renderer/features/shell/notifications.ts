import type { ActivityEntry } from '../../../shared/models/activity.ts';
import { textOf } from '../../../shared/text/index.ts';
import type { TypedFrame } from '../../client/client.ts';
import { activityStore } from '../../stores/activity.ts';

type ActivityFrame = Pick<TypedFrame<'activity'>, 'kind' | 'cursor' | 'set'>;

const wantedKey = 'pilotlight.notifications';

/** `unsupported` where the browser has none; `denied` where the person, or a policy, forbade them. */
export type NotificationState = 'unsupported' | 'off' | 'on' | 'denied';

export function notificationState(): NotificationState {
  if (!('Notification' in window)) return 'unsupported';
  if (Notification.permission === 'denied') return 'denied';
  return Notification.permission === 'granted' && localStorage.getItem(wantedKey) === 'on' ? 'on' : 'off';
}

/** Asks the person where that is needed; called only by a click. */
export async function setNotifications(on: boolean): Promise<NotificationState> {
  localStorage.setItem(wantedKey, on ? 'on' : 'off');
  if (on && 'Notification' in window && Notification.permission === 'default') {
    await Notification.requestPermission();
  }
  return notificationState();
}

/** Shows entries that people wait for. What was there before the panel opened is not told again. */
export function followActivityForNotifications(): () => void {
  // The desktop window has the system's own notifications.
  if (window.pilotlight) return () => {};
  const news = createNewsOfActivity();
  return activityStore.onFrame((frame) => {
    const fresh = news(frame);
    if (notificationState() !== 'on') return;
    for (const entry of fresh) {
      if (entry.notify) {
        new Notification('Pilotlight', {
          body: textOf(entry.message),
          tag: `activity-${entry.id}`,
          icon: '/flame.svg',
        });
      }
    }
  });
}

/**
 * Returns the entries of a frame that are new since the previous one. The first frame, and the first of another core
 * process, hold history. A later snapshot from the same process holds news, just like a delta.
 */
export function createNewsOfActivity(): (frame: ActivityFrame) => ActivityEntry[] {
  let epoch: string | null = null;
  let newest = -1;
  return (frame) => {
    const before = newest;
    const known = frame.kind === 'delta' || frame.cursor.epoch === epoch;
    const entries = frame.set.map(([, entry]) => entry);
    epoch = frame.cursor.epoch;
    newest = Math.max(known ? newest : -1, ...entries.map((entry) => entry.id));
    return known ? entries.filter((entry) => entry.id > before) : [];
  };
}

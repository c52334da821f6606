import { activityStore } from '../../stores/activity.ts';

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
  let newest = -1;
  return activityStore.onFrame((frame) => {
    const before = newest;
    for (const [, entry] of frame.set) newest = Math.max(newest, entry.id);
    if (frame.kind === 'snapshot' || notificationState() !== 'on') return;
    for (const [, entry] of frame.set) {
      if (entry.notify && entry.id > before) {
        new Notification('Pilotlight', {
          body: entry.message,
          tag: `activity-${entry.id}`,
          icon: '/flame.svg',
        });
      }
    }
  });
}

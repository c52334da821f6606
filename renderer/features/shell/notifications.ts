import type { ActivityEntry } from '../../../shared/models/activity.ts';
import { isShownOnDesktop } from '../../../shared/notice-kinds.ts';
import type { TypedFrame } from '../../client/client.ts';
import { activityStore } from '../../stores/activity.ts';
import { settingsStore } from '../../stores/settings.ts';
import { addToast } from '../../stores/toasts.ts';
import { textOf, textOrEmpty } from '../../texts.ts';

type ActivityFrame = Pick<TypedFrame<'activity'>, 'kind' | 'cursor' | 'set'>;

const wantedKey = 'pilotlight.notifications';

/** `unsupported`: the browser has none; `denied`: the user or a policy blocked them. */
export type NotificationState = 'unsupported' | 'off' | 'on' | 'denied';

export function notificationState(): NotificationState {
  if (!('Notification' in window)) return 'unsupported';
  if (Notification.permission === 'denied') return 'denied';
  return Notification.permission === 'granted' && localStorage.getItem(wantedKey) === 'on' ? 'on' : 'off';
}

/** Requests permission if needed; call only from a click. */
export async function setNotifications(on: boolean): Promise<NotificationState> {
  localStorage.setItem(wantedKey, on ? 'on' : 'off');
  if (on && 'Notification' in window && Notification.permission === 'default') {
    await Notification.requestPermission();
  }
  return notificationState();
}

/** Shows entries that the user may be waiting for, but none from before the panel opened. */
export function followActivityForNotifications(): () => void {
  // The desktop window has the system's own notifications.
  if (window.pilotlight) return () => {};
  const news = createNewsOfActivity();
  return activityStore.onFrame((frame) => {
    const fresh = news(frame);
    if (notificationState() !== 'on') return;
    const { settings } = settingsStore.use.getState().entries;
    for (const entry of fresh) {
      if (settings === undefined ? entry.notify : isShownOnDesktop(entry, settings.notifications)) {
        new Notification('Pilotlight', {
          body: textOf(entry.message),
          tag: `activity-${entry.id}`,
          icon: '/flame.svg',
        });
      }
    }
  });
}

export const lostGpuCodes: ReadonlySet<string> = new Set(['NODE_LOST_GPU', 'OLLAMA_HERE_LOST_GPU']);

/** Shows a message when a machine loses its GPU while the panel is open, once for each loss. */
export function followActivityForLostGpus(): () => void {
  const news = createNewsOfActivity();
  return activityStore.onFrame((frame) => {
    for (const { message, why } of news(frame)) {
      if (lostGpuCodes.has(message.code)) {
        addToast({ tone: 'error', message: textOf(message), next: textOrEmpty(why) });
      }
    }
  });
}

/**
 * Returns the entries of a frame that are new since the previous one. The first frame, and the first from another core
 * process, contain history. A later snapshot from the same process contains news, like a delta.
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

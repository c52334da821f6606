import type { Notification } from 'electron';
import type { ActivityEntry } from '../../shared/models/activity.ts';
import { isShownOnDesktop } from '../../shared/notice-kinds.ts';
import { type DesktopNotice, noticesFor, type PanelPage } from './notices.ts';
import type { ShellCore } from './shell-core.ts';

export interface NotifierOptions {
  Notification: typeof Notification;
  isFocused(): boolean;
  open(page: PanelPage): void;
}

export interface Notifier {
  /** Shows one notification. */
  notify(notice: DesktopNotice): void;
  /** Notifies of new events from now on. Returns a function that stops it. */
  follow(core: Pick<ShellCore, 'streams' | 'settings'>): () => void;
}

/** Desktop notifications for events that people wait for. */
export function createNotifier({ Notification: Popup, isFocused, open }: NotifierOptions): Notifier {
  /** Keeps a reference to each open notification: one that is garbage collected loses its click. */
  const held = new Set<Notification>();

  function notify({ title, body, page }: DesktopNotice): void {
    if (!Popup.isSupported()) return;
    const popup = new Popup({ title, body });
    held.add(popup);
    popup.once('close', () => held.delete(popup));
    popup.once('click', () => {
      held.delete(popup);
      open(page);
    });
    popup.show();
  }

  return {
    notify,
    follow({ streams, settings }) {
      let toldUpTo = -1;
      let isFirst = true;
      const subscription = streams.activity.subscribe(null, (frame) => {
        const entries = frame.set.map(([, entry]) => entry as ActivityEntry);
        const newest = Math.max(toldUpTo, ...entries.map((entry) => entry.id));
        // The first frame is history; later ones bring new events.
        if (!isFirst) {
          const { desktop, notifications } = settings.current();
          const wants = (entry: ActivityEntry) =>
            desktop.notifications && isShownOnDesktop(entry, notifications);
          for (const notice of noticesFor({ entries, toldUpTo, wants, focused: isFocused() })) notify(notice);
        }
        toldUpTo = newest;
        isFirst = false;
        return true;
      });
      return () => subscription.end();
    },
  };
}

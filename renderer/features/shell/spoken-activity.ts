/** What happens while the panel is open, said once. */
import type { ActivityEntry } from '../../../shared/models/activity.ts';
import { activityStore } from '../../stores/activity.ts';
import { say } from '../../stores/news.ts';
import { textOf } from '../../texts.ts';
import { createNewsOfActivity, lostGpuCodes } from './notifications.ts';

/** Ends that people wait for and that are not worth a notification. */
const waitedFor: ReadonlySet<string> = new Set(['NODE_WAS_AWAKE', 'MODEL_PULLED', 'MODEL_PULL_FAILED']);

const mostAtOnce = 3;

/** A lost GPU has a message of its own, which is spoken. */
export const isSpoken = ({ notify, message }: Pick<ActivityEntry, 'notify' | 'message'>): boolean =>
  (notify || waitedFor.has(message.code)) && !lostGpuCodes.has(message.code);

/** In the order in which it happened; empty if there is nothing to say. */
export function spokenText(entries: readonly ActivityEntry[]): string {
  const texts = entries
    .filter(isSpoken)
    .toSorted((a, b) => a.id - b.id)
    .map(({ message }) => textOf(message));
  const more = texts.length - mostAtOnce;
  return [...texts.slice(0, mostAtOnce), ...(more > 0 ? [`${more} more in Activity.`] : [])].join(' ');
}

export function followActivityForSpeech(): () => void {
  const news = createNewsOfActivity();
  return activityStore.onFrame((frame) => {
    const text = spokenText(news(frame));
    if (text !== '') say(text);
  });
}

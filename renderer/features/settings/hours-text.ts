/** Hours of a day as the text of a form: `22:00 07:00`, or empty for none. Pure. */
import type { QuietHours } from '../../../shared/models/notifications.ts';
import { clockOf, minuteOf } from '../../components/clock-text.ts';

export const hoursText = (hours: QuietHours | null): string =>
  hours === null ? '' : `${clockOf(hours.from)} ${clockOf(hours.to)}`;

/** What is half entered stays text, so that validation refuses it. */
export function readHours(text: string): QuietHours | string | null {
  if (text.trim() === '') return null;
  const [from, to, ...more] = text.split(' ').map(minuteOf);
  return from == null || to == null || more.length > 0 ? text : { from, to };
}

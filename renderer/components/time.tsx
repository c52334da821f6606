import { formatAgo, formatDuration } from '../../shared/units.ts';
import { absolute } from '../late-intl.ts';
import { useNow } from './now.ts';

/** `Nov 16, 2026, 2:10:05 PM`, in the user’s locale. */

/** A relative time, with the absolute on hover. */
export function Ago({ at }: { at: number }) {
  // Seconds do not matter for times over an hour ago.
  const now = useNow(Date.now() - at > 3_600_000 ? 60 : 5);
  return (
    <time dateTime={new Date(at).toISOString()} title={absolute.format(at)}>
      {formatAgo(Math.max(0, now - at))}
    </time>
  );
}

/** Elapsed time in whole seconds: `0 s`, `42 s`, `3 min 10 s`. */
export function formatElapsed(ms: number): string {
  return ms < 1000 ? '0 s' : formatDuration(Math.floor(ms / 1000) * 1000);
}

/** `2:10` until a moment; `0:00` once it has passed. */
export function formatCountdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds % 60).toString().padStart(2, '0')}`;
}

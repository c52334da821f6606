/** Numbers for people: always with a unit, at most one decimal. */

const gigabyte = 1e9;
const megabyte = 1e6;

/** Bytes, decimal units as GPU vendors and Ollama print them: `7.4 GB`, `670 MB`, `12 kB`. */
export function formatBytes(bytes: number): string {
  // The limits are where rounding would reach the next unit, so that nothing reads "1000 MB".
  if (bytes >= 0.9995 * gigabyte) return `${trim(bytes / gigabyte)} GB`;
  if (bytes >= 0.9995 * megabyte) return `${Math.round(bytes / megabyte)} MB`;
  if (bytes >= 999.5) return `${Math.round(bytes / 1000)} kB`;
  return `${Math.round(bytes)} B`;
}

/** One "GB" of VRAM as GPU vendors and `nvidia-smi` count it: a 24 GB card has 24 × 2^30 bytes. */
export const VRAM_GIGABYTE = 2 ** 30;

/**
 * Bytes of memory, VRAM or RAM, in binary units as on the box: `24 GB`, `687 MB`. Files and
 * downloads are decimal: `formatBytes`.
 */
export function formatMemory(bytes: number): string {
  if (bytes >= 0.9995 * VRAM_GIGABYTE) return `${trim(bytes / VRAM_GIGABYTE)} GB`;
  if (bytes >= 0.9995 * 2 ** 20) return `${Math.round(bytes / 2 ** 20)} MB`;
  if (bytes >= 999.5) return `${Math.round(bytes / 2 ** 10)} kB`;
  return `${Math.round(bytes)} B`;
}

/** Milliseconds: `850 ms`, `4.2 s`, `42 s`, `3 min 10 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${trim(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** A remaining time, rounded the way people say it: `≈ 4 min left`. */
export function formatEta(ms: number): string {
  if (ms < 1500) return 'almost done';
  if (ms < 90_000) return `≈ ${Math.round(ms / 1000)} s left`;
  if (ms < 90 * 60_000) return `≈ ${Math.round(ms / 60_000)} min left`;
  return `≈ ${trim(ms / 3_600_000)} h left`;
}

/** `just now`, `12 s ago`, `5 min ago`, `2 h ago`, `3 days ago`. */
export function formatAgo(ms: number): string {
  if (ms < 5000) return 'just now';
  if (ms < 60_000) return `${Math.round(ms / 1000)} s ago`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min ago`;
  if (ms < 48 * 3_600_000) return `${Math.round(ms / 3_600_000)} h ago`;
  return `${Math.round(ms / 86_400_000)} days ago`;
}

/** `312 vec/s`, `7.4 vec/s`, `12k vec/s`. */
export function formatRate(perSecond: number, unit: string): string {
  if (perSecond >= 10_000) return `${trim(perSecond / 1000)}k ${unit}/s`;
  if (perSecond >= 10 || perSecond === 0) return `${Math.round(perSecond)} ${unit}/s`;
  return `${trim(perSecond)} ${unit}/s`;
}

/** `1,234`, the same in every locale. */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

export function formatPercent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** `1 node`, `3 nodes`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function trim(value: number): string {
  return value >= 100 ? Math.round(value).toString() : value.toFixed(1).replace(/\.0$/, '');
}

/** `420 Wh`, `1.2 kWh`, `0.4 Wh`. */
export function formatEnergy(wattHours: number): string {
  if (wattHours >= 999.5) return `${(wattHours / 1000).toFixed(1).replace(/\.0$/, '')} kWh`;
  if (wattHours >= 9.95) return `${Math.round(wattHours)} Wh`;
  return `${wattHours.toFixed(1).replace(/\.0$/, '')} Wh`;
}

/** How long a machine was on, to the minute. */
export function formatAwake(seconds: number): string {
  if (seconds <= 0) return '0 min';
  if (seconds < 60) return '< 1 min';
  return formatDuration(Math.round(seconds / 60) * 60_000);
}

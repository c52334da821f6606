// @ts-check

/**
 * @typedef {{ done: (note?: string) => void, fail: () => void }} Step
 */

/**
 * Short lines about slow steps, on standard error to keep standard output clean. On a terminal the running line counts
 * the seconds; elsewhere a step has one line at its start and one at its end.
 * @param {{ stream?: { write: (text: string) => unknown, isTTY?: boolean | undefined }, total: number,
 *   now?: () => number }} options
 */
export function createProgress({ stream = process.stderr, total, now = () => performance.now() }) {
  let number = 0;
  return {
    /**
     * @param {string} title
     * @returns {Step}
     */
    start(title) {
      number += 1;
      const label = `${number}/${total} ${title}`;
      const began = now();
      const seconds = () => formatSeconds(now() - began);
      const live = stream.isTTY === true;
      const draw = () => stream.write(`\r\x1b[2K${label} … ${seconds()}`);
      if (live) draw();
      else stream.write(`${label} …\n`);
      const timer = live ? setInterval(draw, 1_000) : undefined;
      const end = (/** @type {string} */ text) => {
        clearInterval(timer);
        stream.write(live ? `\r\x1b[2K${text}\n` : `${text}\n`);
      };
      return {
        done: (note = 'ready') => end(`${label}: ${note}, ${seconds()}`),
        fail: () => end(`${label}: failed after ${seconds()}`),
      };
    },
  };
}

/**
 * @param {number} milliseconds
 * @returns {string} for example `0.4 s`, `29 s`, `1 min 5 s`
 */
export function formatSeconds(milliseconds) {
  const seconds = milliseconds / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * @param {number} bytes
 * @returns {string} for example `53 MB`
 */
export function formatMegabytes(bytes) {
  return `${Math.round(bytes / 1_000_000)} MB`;
}

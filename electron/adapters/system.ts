/** The computer's own clock, chance and log, behind core's ports. */
import { randomBytes } from 'node:crypto';
import pino from 'pino';
import type { Clock, Ids, Log, Random } from '../core/ports.ts';

/** The real clock. Its timers never keep the process alive by themselves. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const stop = () => {
          clearTimeout(timeout);
          reject(signal?.reason);
        };
        const timeout = setTimeout(() => {
          signal?.removeEventListener('abort', stop);
          resolve();
        }, ms);
        timeout.unref();
        signal?.addEventListener('abort', stop, { once: true });
      });
    },
    timer(ms, fn) {
      const timeout = setTimeout(fn, ms);
      timeout.unref();
      return { cancel: () => clearTimeout(timeout) };
    },
  };
}

export const systemRandom: Random = () => Math.random();

export function createIds(): Ids {
  return { next: (prefix) => `${prefix}_${randomBytes(6).toString('hex')}` };
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Structured lines on standard error, so that standard output stays for people and scripts. */
export function createLog({ level }: { level: LogLevel }): Log {
  const logger = pino(
    { level, base: null, redact: ['token', 'bearer', 'secret', '*.token', '*.bearer', '*.secret'] },
    pino.destination({ fd: 2, sync: true }),
  );
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  };
}

/** The computer's own clock, random numbers and log, behind core's ports. */
import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { printable } from '../../shared/printable.ts';
import { redactSecrets, redactWithin } from '../../shared/redact.ts';
import type { Log } from '../core/ports/log.ts';
import type { Ids, Random } from '../core/ports/time.ts';

export { createSystemClock } from './clock.ts';

export const systemRandom: Random = () => Math.random();

export function createIds(): Ids {
  return { next: (prefix) => `${prefix}_${randomBytes(6).toString('hex')}` };
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Structured lines on standard error, so that standard output stays for people and scripts. Secrets are left out. */
export function createLog({ level }: { level: LogLevel }): Log {
  const destination = pino.destination({ fd: 2, sync: true });
  const logger = pino(
    { level, base: null, redact: ['token', 'bearer', 'secret', '*.token', '*.bearer', '*.secret'] },
    { write: (line) => destination.write(`${printable(line.trimEnd())}\n`) },
  );
  return {
    debug: (message, fields) => logger.debug(redactWithin(fields ?? {}), redactSecrets(message)),
    info: (message, fields) => logger.info(redactWithin(fields ?? {}), redactSecrets(message)),
    warn: (message, fields) => logger.warn(redactWithin(fields ?? {}), redactSecrets(message)),
    error: (message, fields) => logger.error(redactWithin(fields ?? {}), redactSecrets(message)),
  };
}

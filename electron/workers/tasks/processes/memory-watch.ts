/** Ends a process that needs more memory than its limit. It runs in a thread, because a handler may block the process. */
import { writeSync } from 'node:fs';
import { endThisProcess } from '../../../adapters/processes/process-group.ts';
import { handlerEnvironment, MEMORY_LIMIT_NOTE } from './protocol.ts';

const CHECK_EVERY_MS = 250;
const MIB = 1024 * 1024;

export interface WatchedMemory {
  bytes(): number;
  end(): void;
}

const ownProcess: WatchedMemory = {
  bytes: process.memoryUsage.rss,
  end() {
    try {
      writeSync(2, `\n${MEMORY_LIMIT_NOTE}\n`);
    } finally {
      endThisProcess();
    }
  },
};

/** @param limitMb null for none */
export function watchMemory(
  limitMb: number | null = limitOf(process.env),
  { bytes, end }: WatchedMemory = ownProcess,
  every: (ms: number, check: () => void) => void = (ms, check) => void setInterval(check, ms),
): void {
  if (limitMb === null) return;
  every(CHECK_EVERY_MS, () => {
    if (bytes() > limitMb * MIB) end();
  });
}

function limitOf(environment: NodeJS.ProcessEnv): number | null {
  const text = environment[handlerEnvironment.memoryMb];
  return text !== undefined && /^\d{1,7}$/.test(text) ? Number(text) : null;
}

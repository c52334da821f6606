/** Starts the processes that run handlers. */
import { createChildHost } from '../../../adapters/processes/child-host.ts';
import { handlerEnvironment } from './protocol.ts';

/** @param entry the program of the task worker */
export function handlerHost(entry: string, memoryMb: number) {
  return createChildHost({
    entry,
    name: 'handlers',
    withDescendants: true,
    nodeFlags: [`--max-old-space-size=${memoryMb}`],
    env: { [handlerEnvironment.role]: 'handlers', [handlerEnvironment.memoryMb]: String(memoryMb) },
  });
}

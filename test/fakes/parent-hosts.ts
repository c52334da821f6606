/** Both kinds of hosts, for workers that have children. */
import { dirname, join } from 'node:path';
import { createForkWorkerHost, type WorkerHost } from '../../electron/adapters/processes/worker-host.ts';
import { createUtilityWorkerHost } from '../../electron/main/utility-worker-host.ts';
import { MessageChannelMain } from '../standin/message-channel.ts';
import { utilityProcess } from '../standin/utility-process.ts';

/**
 * @param children programs by name; default: `small-worker` beside the entry
 * @param onFork called with each process, children too
 */
export function utilityHost(
  entry: string,
  children?: Record<string, string>,
  onFork?: (child: { pid: number | undefined }) => void,
): WorkerHost {
  return createUtilityWorkerHost({
    utilityProcess: {
      fork(...args: Parameters<typeof utilityProcess.fork>) {
        const child = utilityProcess.fork(...args);
        onFork?.(child);
        return child;
      },
    } as never,
    entry,
    serviceName: 'Pilotlight test',
    killProcess: (pid) => process.kill(pid, 'SIGKILL'),
    children: children ?? { 'small-worker': join(dirname(entry), 'small-worker.ts') },
    createChannel: () => new MessageChannelMain() as never,
  });
}

export const parentHosts = {
  'child process': (entry: string) => createForkWorkerHost({ entry }),
  'utility process': (entry: string) => utilityHost(entry),
};

/** A host that runs the queue's program in this process, with a clock of the test. */

import type { WorkerExit, WorkerHost } from '../../electron/adapters/processes/worker-host.ts';
import type { FromWorker, ToWorker } from '../../electron/adapters/processes/worker-protocol.ts';
import type { QueueContract } from '../../electron/adapters/queues/sqlite/protocol.ts';
import type { Clock } from '../../electron/core/ports/time.ts';
import { createQueueServer } from '../../electron/workers/queue/server.ts';

export function createLocalQueueHost(clock: Pick<Clock, 'now' | 'monotonic' | 'timer'>): WorkerHost {
  return {
    start() {
      const exits: ((exit: WorkerExit) => void)[] = [];
      let listener: (message: unknown) => void = () => {};
      const server = createQueueServer(
        {
          send: (message: FromWorker<QueueContract>) => {
            const copy = structuredClone(message);
            queueMicrotask(() => listener(copy));
          },
        },
        clock,
      );
      function end(): void {
        for (const exit of exits.splice(0)) exit({ code: 0, signal: null, stderrTail: '' });
      }
      return {
        pid: 1,
        send(message) {
          const given = structuredClone(message) as ToWorker<QueueContract>;
          queueMicrotask(() => {
            if (given.kind === 'stop') server.stop({ inOrder: true }).then(end);
            else server.receive(given);
          });
        },
        onMessage(given) {
          listener = given;
        },
        onExit: (given) => void exits.push(given),
        kill: end,
      };
    },
  };
}

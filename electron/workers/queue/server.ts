/** Answers the core's calls to the queue. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { QueueContract, QueueMethod } from '../../adapters/queues/sqlite/protocol.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { WorkerLife, WorkerProgram } from '../process.ts';
import { createRpcServer, type Handlers } from '../rpc.ts';
import { createQueueEngine, type QueueEngine } from './engine.ts';

const methods: readonly QueueMethod[] = [
  ...([
    'add',
    'claim',
    'abandon',
    'renew',
    'report',
    'complete',
    'fail',
    'release',
    'cancel',
    'retry',
  ] as const),
  ...(['move', 'remove', 'prune', 'get', 'list', 'stats', 'note', 'takeOut', 'putIn', 'forget'] as const),
];

export function createQueueServer(
  { send }: Pick<WorkerLife<QueueContract>, 'send'>,
  clock: Pick<Clock, 'now' | 'monotonic' | 'timer'>,
): WorkerProgram<QueueContract> {
  let engine: QueueEngine | null = null;
  let config: QueueContract['config'] | null = null;

  /** Opened at the first call if it failed before, so a full disk or a locked folder may be put right meanwhile. */
  function opened(): QueueEngine {
    if (config === null) throw new PilotlightError('INTERNAL', { message: 'The worker is not configured.' });
    engine ??= createQueueEngine({ ...config, clock, tell: (event) => send({ kind: 'event', event }) });
    return engine;
  }

  const { receive } = createRpcServer<QueueContract>({
    send,
    configure(given) {
      config = given;
      try {
        opened();
      } catch {
        // The first call gets the error.
      }
    },
    handlers: Object.fromEntries(
      methods.map((method) => [method, (params: never) => opened()[method](params)]),
    ) as unknown as Handlers<QueueContract>,
  });

  return {
    receive,
    async stop() {
      engine?.stop();
    },
  };
}

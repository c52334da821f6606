/** The gateway's process on the RPC of all workers. */
import { createEmitter } from '../../../shared/emitter.ts';
import type { GatewayLink, GatewayStart } from '../../core/gateway/link.ts';
import { unpackEvent } from '../../core/gateway/packed.ts';
import type { GatewayContract, GatewayEvent } from '../../core/gateway/protocol.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock } from '../../core/ports/time.ts';
import { createWorkerClient, type MethodPolicy, type WorkerClient } from '../processes/worker-client.ts';
import type { WorkerHost } from '../processes/worker-host.ts';
import { holderOf } from './port-holder.ts';

export interface GatewayLinkOptions {
  host: WorkerHost;
  clock: Pick<Clock, 'timer'>;
  log: Log;
  /** The core's epoch, for logs. */
  core: string;
  /** Called before the process is left to another core, if it can outlive this one. */
  leaveAtStop?: () => void;
}

/** A process that does not answer routes by an old table, or not at all: it is killed and started again. */
const answered: MethodPolicy = { deadlineMs: 10_000, lateCode: null, isRepeatable: false };
/** The first call includes the start of the process, on a busy computer. */
const starting: MethodPolicy = { ...answered, deadlineMs: 30_000 };

/** The same policy for every call. */
export const everyCall = (policy: MethodPolicy): Record<keyof GatewayContract['calls'], MethodPolicy> => ({
  resume: policy,
  'table.set': policy,
  listen: policy,
  close: policy,
  answer: policy,
  cancel: policy,
  'prompts.keep': policy,
  'prompts.state': policy,
  'prompts.read': policy,
});

export function createGatewayLink(options: GatewayLinkOptions): GatewayLink {
  const { log } = options;
  const started = createEmitter<[GatewayStart]>({ name: 'gateway', log });
  const events = createEmitter<[GatewayEvent]>({ name: 'gateway', log });
  const ended = createEmitter<[]>({ name: 'gateway', log });
  const gone = createEmitter<[]>({ name: 'gateway', log });
  const failedStart = createEmitter<[]>({ name: 'gateway', log });
  let client: WorkerClient<GatewayContract> | null = null;

  function open(): WorkerClient<GatewayContract> {
    const opened = createWorkerClient<GatewayContract>({
      name: 'gateway',
      host: options.host,
      clock: options.clock,
      log,
      config: { core: options.core },
      keepRunning: true,
      methods: { ...everyCall(answered), resume: starting },
      onStart() {
        // It was lost again meanwhile: the next start asks the next one.
        opened.call('resume', null).then(started.emit, () => {});
      },
      onEvent: (event) => events.emit(unpackEvent(event)),
      onEnd() {
        ended.emit();
        gone.emit();
      },
      onFailedStart: failedStart.emit,
    });
    return opened;
  }

  function present(): WorkerClient<GatewayContract> {
    client ??= open();
    return client;
  }

  return {
    start: () => present().start(),
    async setTable(table) {
      await present().call('table.set', table);
    },
    listen: (address) => present().call('listen', address),
    async close() {
      await present().call('close', null);
    },
    async answer(askId, answer) {
      await present().call('answer', { askId, answer });
    },
    async cancel(id) {
      return (await client?.call('cancel', { id }))?.found ?? false;
    },
    keepPrompts: async (forMs) => (await client?.call('prompts.keep', { forMs })) ?? null,
    promptsKept: async () => (await client?.call('prompts.state', null)) ?? null,
    readPrompt: async (id) => (await client?.call('prompts.read', { id })) ?? null,
    onStart: started.on,
    onEvent: events.on,
    onEnd: ended.on,
    onGone: gone.on,
    onFailedStart: failedStart.on,
    async stop({ forGood }) {
      const ending = client;
      client = null;
      if (!forGood) options.leaveAtStop?.();
      await ending?.stop();
      if (ending !== null) gone.emit();
    },
    holderOf,
  };
}

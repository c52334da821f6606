/** The gateway's process as its core calls it. */
import type { FromWorker, ToWorker } from '../../adapters/processes/worker-protocol.ts';
import type { GatewayContract } from '../../core/gateway/protocol.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { WorkerProgram } from '../process.ts';
import { createRpcServer } from '../rpc.ts';
import { createGateway, type Gateway } from './gateway.ts';

export interface GatewayProgram extends WorkerProgram<GatewayContract> {
  /** For the life of the process: who listens, and what is in flight. */
  readonly gateway: Gateway;
}

export function createGatewayProgram({
  clock,
  log,
  send,
}: {
  clock: Clock;
  log: Log;
  send(message: FromWorker<GatewayContract>): void;
}): GatewayProgram {
  const gateway = createGateway({ clock, log, onEvent: (event) => send({ kind: 'event', event }) });
  const rpc = createRpcServer<GatewayContract>({
    send,
    configure: ({ core }) => log.info('The gateway serves a core.', { core }),
    handlers: {
      'table.set': (table) => ({ version: gateway.setTable(table) }),
      listen: (address) => gateway.listen(address),
      async close() {
        await gateway.close();
        return null;
      },
      resume: () => gateway.resume(),
    },
  });
  return {
    gateway,
    receive: (message: ToWorker<GatewayContract>) => rpc.receive(message),
    async stop() {
      await rpc.abortCalls(() => true);
      await gateway.stop();
    },
  };
}

/**
 * The gateway's process and its core: a child of the core over the usual channel, or a process that outlives its core and
 * is connected to over a loopback socket.
 */
import type { FromWorker } from '../../adapters/processes/worker-protocol.ts';
import { packEvent } from '../../core/gateway/packed.ts';
import type { GatewayContract } from '../../core/gateway/protocol.ts';
import { serveWorker } from '../process.ts';
import { createRpcServer, type RpcServer } from '../rpc.ts';
import { outliveOptions, serveOutliving } from './outlive.ts';
import type { Conversation, GatewayProgram } from './program.ts';

/** @param entry absolute path of the calling program; its threads run the watchdog */
export function serveGateway(entry: string, create: () => GatewayProgram): void {
  const outlive = outliveOptions(process.argv);
  if (outlive !== null) {
    serveOutliving(create(), outlive, converse);
    return;
  }
  serveWorker<GatewayContract>(entry, ({ send }) => {
    const { receive, end } = converse(create(), send);
    return {
      receive,
      // What is in flight ends with the process: whoever waits sees a closed connection.
      stop: async () => end(),
    };
  });
}

function converse(
  program: GatewayProgram,
  send: (message: FromWorker<GatewayContract>) => void,
): Conversation {
  const { receive, abortCalls }: RpcServer<GatewayContract> = createRpcServer<GatewayContract>({
    send,
    configure: () => program.connect((event) => send({ kind: 'event', event: packEvent(event) })),
    handlers: program.handlers,
  });
  return {
    receive,
    end() {
      program.connect(null);
      void abortCalls(() => true);
    },
  };
}

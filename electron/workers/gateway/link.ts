/**
 * The gateway's process and its core: a child of the core over the usual channel, or a process that outlives its core and
 * is connected to over a loopback socket.
 */
import type { FromWorker, ToWorker } from '../../adapters/processes/worker-protocol.ts';
import type { GatewayContract, GatewayEvent } from '../../core/gateway/protocol.ts';
import { serveWorker } from '../process.ts';
import { createRpcServer, type Handlers, type RpcServer } from '../rpc.ts';
import { outliveOptions, serveOutliving } from './outlive.ts';

/** What the process does. */
export interface GatewayProgram {
  readonly handlers: Handlers<GatewayContract>;
  /** From now on events go to this core; null while none is connected. What it could not tell before, it tells now. */
  connect(send: ((event: GatewayEvent) => void) | null): void;
  /** Requests in flight. */
  inFlight(): number;
  /** Accepts no more connections; what is in flight goes on. */
  close(): Promise<void>;
}

/** One core's conversation with the program. */
export interface Conversation {
  receive(message: ToWorker<GatewayContract>): void;
  /** The core has gone. */
  end(): void;
}

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
    configure: () => program.connect((event) => send({ kind: 'event', event })),
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

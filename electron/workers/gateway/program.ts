/** What the gateway's process does, apart from how its core reaches it. */
import type { ToWorker } from '../../adapters/processes/worker-protocol.ts';
import type { GatewayContract, GatewayEvent } from '../../core/gateway/protocol.ts';
import type { Handlers } from '../rpc.ts';

export interface GatewayProgram {
  readonly handlers: Handlers<GatewayContract>;
  /** From now on events go to this core; null while none is connected. What it could not tell before, it tells now. */
  connect(send: ((event: GatewayEvent) => void) | null): void;
  /** Requests in flight. */
  inFlight(): number;
  /** Accepts no more connections; what is in flight continues. */
  close(): Promise<void>;
}

/** One core's conversation with the program. */
export interface Conversation {
  receive(message: ToWorker<GatewayContract>): void;
  /** The core has gone. */
  end(): void;
}

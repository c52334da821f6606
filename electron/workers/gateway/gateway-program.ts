/** The gateway's process as its core calls it. */
import type { GatewayEvent } from '../../core/gateway/protocol.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock } from '../../core/ports/time.ts';
import { createGateway } from './gateway.ts';
import type { GatewayProgram } from './program.ts';

export function createGatewayProgram({ clock, log }: { clock: Clock; log: Log }): GatewayProgram {
  let core: ((event: GatewayEvent) => void) | null = null;
  const gateway = createGateway({ clock, log, onEvent: (event) => core?.(event) });
  gateway.setConnected(false);
  return {
    handlers: {
      'table.set': (table) => ({ version: gateway.setTable(table) }),
      listen: (address) => gateway.listen(address),
      async close() {
        await gateway.close();
        return null;
      },
      async answer({ askId, answer }) {
        await gateway.answer(askId, answer);
        return null;
      },
      resume: () => gateway.resume(),
      cancel: ({ id }) => ({ found: gateway.cancel(id) }),
      'prompts.keep': ({ forMs }) => gateway.keepPrompts(forMs),
      'prompts.state': () => gateway.promptsKept(),
      'prompts.read': ({ id }) => gateway.readPrompt(id),
    },
    connect(send) {
      core = send;
      gateway.setConnected(send !== null);
    },
    inFlight: () => gateway.inFlight,
    close: () => gateway.close(),
  };
}

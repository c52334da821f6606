/** The smallest program behind the gateway's link: it listens, counts what is in flight, and knows its last table. */
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { bind } from '../../electron/adapters/http/bind.ts';
import type { GatewayAddress, GatewayEvent } from '../../electron/core/gateway/protocol.ts';
import { serveGateway } from '../../electron/workers/gateway/link.ts';
import type { GatewayProgram } from '../../electron/workers/gateway/program.ts';
import { runWatchdog } from '../../electron/workers/watchdog.ts';

function createSmallGateway(): GatewayProgram {
  let version = 0;
  let server: Server | null = null;
  let listening: GatewayAddress | null = null;
  let core: ((event: GatewayEvent) => void) | null = null;
  let inFlight = 0;

  function report(): void {
    core?.({ kind: 'traffic', nodes: [{ nodeId: 'a', breaker: 'closed', inFlight: { m: inFlight } }] });
  }
  async function close(): Promise<void> {
    server?.close();
    listening = null;
  }

  return {
    handlers: {
      answer: () => null,
      cancel: () => ({ found: false }),
      'prompts.keep': () => ({ until: null, count: 0 }),
      'prompts.state': () => ({ until: null, count: 0 }),
      'prompts.read': () => null,
      'table.set'(table) {
        version = table.version;
        return { version };
      },
      async listen(address) {
        await close();
        server = createServer((request, response) => {
          if (request.url !== '/stream') {
            response.end(`${process.pid} ${version}`);
            return;
          }
          // One byte, and then nothing until the test ends it.
          inFlight += 1;
          response.write('.');
          report();
          response.on('close', () => {
            inFlight -= 1;
            report();
          });
        });
        const { port } = await bind(server, address);
        listening = { host: address.host, port };
        return { port };
      },
      async close() {
        await close();
        return null;
      },
      resume: () => ({
        version,
        listening,
        traffic: inFlight === 0 ? [] : [{ nodeId: 'a', breaker: 'closed', inFlight: { m: inFlight } }],
        instance: String(process.pid),
      }),
    },
    connect(send) {
      core = send;
    },
    inFlight: () => inFlight,
    close,
  };
}

if (!isMainThread) runWatchdog();
else serveGateway(fileURLToPath(import.meta.url), createSmallGateway);

/** A simulated Ollama server behind a real socket on loopback. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import type { SimulatorClock } from '../../../electron/simulator/clock.ts';
import {
  createSimulatedOllama,
  type SimulatedOllama,
  type SimulatedOllamaSetup,
} from '../../../electron/simulator/ollama.ts';
import { createFakeClock, type FakeClock } from '../../fakes/clock.ts';

export const GIB = 1024 ** 3;

export interface ServedOllama extends AsyncDisposable {
  url: string;
  ollama: SimulatedOllama;
  get(path: string): Promise<Response>;
  post(path: string, body: unknown, signal?: AbortSignal): Promise<Response>;
}

/**
 * Time that passes by itself, as fast as the work goes: each wait is over after a turn of the event loop,
 * in order of its due time. For tests that care about answers and not about times.
 */
export function createHurriedClock(): FakeClock & SimulatorClock {
  const clock = createFakeClock();
  const hurry = () => setImmediate(() => void clock.advance(60));
  return {
    ...clock,
    sleep: (ms, signal) => {
      const slept = clock.sleep(Math.min(ms, 50), signal);
      hurry();
      return slept;
    },
  };
}

export async function serveOllama(
  setup: Partial<SimulatedOllamaSetup> & { clock: SimulatorClock },
): Promise<ServedOllama> {
  const ollama = createSimulatedOllama({
    profile: '0.33',
    models: Object.values(CATALOGUE),
    gpus: [{ id: 'GPU-0', name: 'Test GPU', vramBytes: 12 * GIB, baselineBytes: 0, boardWatts: 200 }],
    ...setup,
  });
  const server = createServer(ollama.handle);
  await listen(server);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    ollama,
    get: (path) => fetch(url + path),
    post: (path, body, signal) =>
      fetch(url + path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...(signal && { signal }),
      }),
    [Symbol.asyncDispose]: async () => {
      ollama.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}

/** Turns the event loop until something real has happened; fails the test when it never does. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000_000; turn += 1) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it did not happen');
}

/** The objects of an NDJSON body. */
export async function lines(response: Response): Promise<Record<string, unknown>[]> {
  return (await response.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

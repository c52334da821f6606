/** Fleet and power over real loopback sockets, with the real clock and the real simulated machines. */
import { createOllamaServer } from '../../electron/adapters/inference/ollama.ts';
import { createNodeHttp } from '../../electron/adapters/network/http.ts';
import { createDgramUdp } from '../../electron/adapters/network/udp.ts';
import { createSystemClock } from '../../electron/adapters/system.ts';
import type { NetworkInterface } from '../../electron/core/ports/network.ts';
import { createSimulatedFleet } from '../../electron/simulator/fleet.ts';
import { createFleetWorld, type FleetWorldOptions } from './fleet-world.ts';

/** Everything that would go out is remembered; what is not for loopback is refused, and fails the test's story. */
export function createLoopbackUdp(interfaces: NetworkInterface[] = []) {
  const real = createDgramUdp();
  const destinations: string[] = [];
  return {
    ...real,
    destinations,
    interfaces: () => interfaces,
    async send(payload: Uint8Array, port: number, address: string) {
      destinations.push(`${address}:${port}`);
      if (!address.startsWith('127.')) throw new Error('A test sends nothing beyond loopback.');
      await real.send(payload, port, address);
    },
  };
}

export async function createLoopbackFleet(
  options: {
    speed?: number;
    localServerUrl?: string | null;
    records?: FleetWorldOptions<never, never>['records'];
  } = {},
) {
  const http = createNodeHttp();
  const simulator = await createSimulatedFleet({ speed: options.speed ?? 20 });
  const world = createFleetWorld({
    clock: createSystemClock(),
    udp: createLoopbackUdp(),
    connect: (url) => createOllamaServer({ http, url }),
    startSimulatedFleet: async () => ({ ...simulator, stop: async () => {} }),
    localServerUrl: options.localServerUrl ?? null,
    records: options.records ?? [],
  });
  return {
    ...world,
    http,
    simulator,
    async stop() {
      await world.stop();
      await simulator.stop();
      http.close();
    },
  };
}

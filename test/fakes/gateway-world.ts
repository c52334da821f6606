/** A whole core with its gateway's process, in front of simulated machines that wake by real packets on loopback. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, startHost } from '../../electron/host/start-host.ts';
import { CATALOGUE } from '../../electron/simulator/catalogue.ts';
import { createSystemClock } from '../../electron/simulator/clock.ts';
import { assembleFleet, type SimulatedFleet } from '../../electron/simulator/fleet.ts';
import type { SimulatedMachineSetup } from '../../electron/simulator/machine.ts';
import type { NodeView } from '../../shared/models/fleet.ts';
import type { Settings } from '../../shared/models/settings.ts';
import { addMachines } from './indexing-world.ts';
import { createRememberingLog } from './transport.ts';

const gib = 1024 ** 3;

export interface GatewayWorld extends AsyncDisposable {
  host: Host;
  fleet: SimulatedFleet;
  /** Ids by the names of their machines. */
  nodes: Record<string, string>;
  url: string;
  log: ReturnType<typeof createRememberingLog>;
  /** Resolves when the node fits. */
  untilNode(name: string, fits: (node: NodeView) => boolean): Promise<NodeView>;
  /** Puts a machine to sleep, and resolves when the core knows. */
  sleep(name: string): Promise<void>;
  post(path: string, body: object, init?: RequestInit): Promise<Response>;
}

/** `tower` has a GPU and wakes; `nas` has none and is always on. */
export function towerAndNas(own: Partial<SimulatedMachineSetup> = {}): SimulatedMachineSetup[] {
  const clock = createSystemClock();
  const speeds = {
    gpuTextsPerSecond: 2000,
    cpuTextsPerSecond: 2000,
    gpuTokensPerSecond: 1000,
    cpuTokensPerSecond: 1000,
    loadBaseMs: 20,
    loadBytesPerSecond: 50e9,
  };
  return [
    {
      id: 'tower',
      name: 'tower',
      mac: '00:00:5e:00:53:10',
      wake: { bootMs: 400, resumeMs: 300 },
      clock,
      ollama: {
        profile: '0.33',
        models: [CATALOGUE.llama31, CATALOGUE.mxbaiEmbedLarge],
        gpus: [{ id: 'GPU-0', name: 'GPU', vramBytes: 24 * gib, baselineBytes: gib / 2, boardWatts: 450 }],
        speeds,
      },
      ...own,
    },
    {
      id: 'nas',
      name: 'nas',
      mac: '00:00:5e:00:53:20',
      wake: null,
      clock,
      ollama: { profile: '0.33', models: [CATALOGUE.mxbaiEmbedLarge], speeds },
    },
  ];
}

export async function openGatewayWorld({
  machines = towerAndNas(),
  settings = {},
}: {
  machines?: SimulatedMachineSetup[];
  settings?: Partial<Settings['gateway']>;
} = {}): Promise<GatewayWorld> {
  const root = mkdtempSync(join(tmpdir(), 'pilotlight-gateway-world-'));
  const log = createRememberingLog();
  const fleet = await assembleFleet(machines);
  const host = await startHost({
    dataFolder: join(root, 'data'),
    // A port where nothing listens: an Ollama of this machine has no part in the tests.
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
    panelRoot: null,
    checkResults: true,
    gateway: { port: 0 },
    log,
  });
  const { services } = host.core;
  services.settings.update({ fleet: { lookIntervalMs: 1000 }, gateway: settings });
  const nodes = await addMachines(host, fleet);
  const { url } = await host.openGateway();
  if (url === null) throw new Error('The gateway does not listen.');

  function untilNode(name: string, fits: (node: NodeView) => boolean): Promise<NodeView> {
    const id = nodes[name] ?? '';
    return new Promise((resolve) => {
      const check = () => {
        const node = services.fleet.get(id);
        if (node === null || !fits(node)) return false;
        stop();
        resolve(node);
        return true;
      };
      let stop = () => {};
      if (check()) return;
      stop = services.fleet.onChange(() => void check());
    });
  }

  return {
    host,
    fleet,
    nodes,
    url,
    log,
    untilNode,
    async sleep(name) {
      await fleet.sleep(name);
      services.fleet.probeSoon(nodes[name] ?? '');
      await untilNode(name, ({ state }) => state === 'off');
    },
    post: (path, body, init) => fetch(url + path, { method: 'POST', body: JSON.stringify(body), ...init }),
    async [Symbol.asyncDispose]() {
      await host.stop();
      await fleet.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

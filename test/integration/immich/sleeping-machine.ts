/**
 * A machine that sleeps, and a core in front of it: the agent and the runner of the machine, its power-off included, the
 * core with its real ports and its own runner, sockets on loopback. Both live on one clock that runs faster.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOpenImmichDoor } from '../../../electron/adapters/immich/open.ts';
import { createForkWorkerHost } from '../../../electron/adapters/processes/worker-host.ts';
import { createCore } from '../../../electron/core/compose.ts';
import type { Clock } from '../../../electron/core/ports/time.ts';
import { createRealPorts } from '../../../electron/host/ports.ts';
import { createLocalRunner } from '../../../electron/host/runner.ts';
import type { ImmichView } from '../../../shared/models/immich.ts';
import { createFakeAgentHost, startTestAgent } from '../../fakes/agent-host.ts';
import { writeFiles } from '../../fakes/face-graphs.ts';
import { immichFiles } from '../../fakes/immich-folder.ts';
import { silentLog } from '../../fakes/indexing.ts';
import { createLoopbackUdp } from '../../fakes/loopback-fleet.ts';
import { runnerEntry } from '../../fakes/open-runner.ts';
import { createFlyingClock } from '../power/power-machine.ts';

/** A port of loopback that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function createSleepingMachine(clock: Clock, folder: string) {
  const port = await freePort();
  const data = mkdtempSync(join(folder, 'agent-'));
  const models = join(data, 'models');
  mkdirSync(models);
  let agent: Awaited<ReturnType<typeof startTestAgent>> | null = null;
  let boots = 0;
  let changing: Promise<void> = Promise.resolve();
  const watching = new Set<() => void>();
  const inTurn = (act: () => Promise<void>) => {
    changing = changing.then(act).then(() => {
      for (const check of [...watching]) check();
    });
    return changing;
  };

  const machine = {
    url: `http://127.0.0.1:${port}`,
    /** Of the agent, once it has run. */
    token: '',
    models,
    boots: () => boots,
    isOn: () => agent !== null,
    /** It is switched on; does nothing while it is on. */
    boot: () =>
      inTurn(async () => {
        if (agent !== null) return;
        boots += 1;
        const startedAt = clock.monotonic();
        const host = createFakeAgentHost();
        host.facts = { ...host.facts, bootId: `boot-${boots}` };
        host.uptimeSeconds = () => (clock.monotonic() - startedAt) / 1000;
        host.run = async () => void machine.goOff();
        agent = await startTestAgent({
          ...{ host, clock, folder: data },
          config: { port, role: ['power', 'telemetry', 'runner'], immichFolder: models },
          runnerHost: createForkWorkerHost({ entry: runnerEntry, log: silentLog }),
        });
        machine.token = agent.token;
      }),
    goOff: () =>
      inTurn(async () => {
        await agent?.stop();
        agent = null;
      }),
    /** Resolves once it is on, or off. */
    until: (isOn: boolean) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if ((agent !== null) !== isOn) return;
          watching.delete(check);
          resolve();
        };
        watching.add(check);
        check();
      }),
  };
  return machine;
}

export type SleepingMachine = Awaited<ReturnType<typeof createSleepingMachine>>;

export async function createImmichWorld({ pace }: { pace: number }) {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-immich-core-'));
  const clock = createFlyingClock(pace);
  const here = join(folder, 'immich');
  const doorPort = await freePort();
  const textual = Object.entries(immichFiles(here)).filter(([path]) => !path.includes('visual'));
  writeFiles(Object.fromEntries(textual.filter(([path]) => path.includes('/clip/'))));
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  const tower = await createSleepingMachine(clock, folder);
  writeFiles(immichFiles(tower.models));
  const attic = await createSleepingMachine(clock, folder);
  /** Programs that the core ran to wake a machine. */
  const ran: string[] = [];
  let wakes = true;

  async function startCore() {
    const { ports, attach } = await createRealPorts({
      dataFolder: data,
      log: silentLog,
      localRunner: createLocalRunner({ dataFolder: data, log: silentLog }),
    });
    const core = createCore({
      ports: {
        ...ports,
        clock,
        udp: createLoopbackUdp(),
        openImmichDoor: createOpenImmichDoor({ clock, log: silentLog }),
        exec: {
          ...ports.exec,
          async run(command) {
            ran.push(command.join(' '));
            // Power comes at once; its agent is there when it has started.
            if (wakes) void (command[1] === 'tower' ? tower : attic).boot();
            return { code: 0, output: '' };
          },
        },
      },
      options: { version: 'test', ollamaHost: '127.0.0.1:1' },
    });
    attach({ settings: core.services.settings.current, report: core.report });
    await core.start();
    return core;
  }

  let core = await startCore();
  return {
    ...{ folder, clock, tower, attic, ran },
    core: () => core,
    url: `http://127.0.0.1:${doorPort}`,
    port: doorPort,
    door: (): ImmichView => core.services.immich.view(),
    /** Whether a machine starts when it is woken. */
    setWakes: (now: boolean) => {
      wakes = now;
    },
    openDoor(): void {
      core.services.settings.update({
        fleet: { lookIntervalMs: 1000 },
        immich: { on: true, port: doorPort, folder: here },
      });
    },
    async restartCore() {
      await core.stop();
      core = await startCore();
    },
    add(name: string, machine: SleepingMachine): string {
      return core.services.fleet.add({
        name,
        url: null,
        agentUrl: machine.url,
        agentToken: machine.token,
        wakeWays: [{ kind: 'command', command: ['wake', name] }],
      }).id;
    },
    /** Resolves once it is so. Whatever happens moves a stream. */
    until(is: () => boolean, what: string): Promise<void> {
      return new Promise((resolve, reject) => {
        const { streams } = core;
        const all = [streams.fleet, streams.runners, streams.immich, streams.power];
        const subscriptions = all.map((topic) => topic.subscribe(null, () => check()));
        const limit = setTimeout(() => end(() => reject(new Error(`Never came: ${what}`))), 60_000);
        function end(how: () => void): void {
          clearTimeout(limit);
          queueMicrotask(() => {
            for (const subscription of subscriptions) subscription.end();
          });
          how();
        }
        function check(): boolean {
          if (is()) end(resolve);
          return true;
        }
        queueMicrotask(check);
      });
    },
    async stop() {
      await core.stop();
      await Promise.all([tower.goOff(), attic.goOff()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type ImmichWorld = Awaited<ReturnType<typeof createImmichWorld>>;

/** The door for Immich: opens it as the settings say, and shows how it is. */
import type { ImmichView } from '../../../shared/models/immich.ts';
import { fact } from '../../../shared/models/message.ts';
import type { AcquireLeases } from '../acquire/model.ts';
import type { ActivityService } from '../activity/service.ts';
import type { DoorWake, OpenDoor, OpenImmichDoor } from '../ports/immich-door.ts';
import type { Log } from '../ports/log.ts';
import type { Udp } from '../ports/network.ts';
import type { Clock, Timer } from '../ports/time.ts';
import type { RunnersService } from '../runner/model.ts';
import type { Streams } from '../runtime/streams.ts';
import type { SettingsService } from '../settings/service.ts';
import { type BackendDependencies, createDoorBackend } from './backend.ts';
import { type ImmichProblem, listeningOn, listenProblem, wantedDoor } from './door-address.ts';
import { createKeepAwake } from './keep-awake.ts';

export interface ImmichDependencies extends Omit<BackendDependencies, 'runners' | 'keepAwake' | 'hasFolder'> {
  clock: Clock;
  log: Log;
  streams: Pick<Streams, 'immich'>;
  settings: Pick<SettingsService, 'current' | 'onChange'>;
  activity: Pick<ActivityService, 'record'>;
  runners: BackendDependencies['runners'] & Pick<RunnersService, 'need'>;
  leases: AcquireLeases;
  interfaces: Udp['interfaces'];
  /** null for a program that has none, such as one command. */
  openDoor: OpenImmichDoor | null;
}

export interface ImmichService {
  view(): ImmichView;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** After it could not listen. */
const RETRY_MS = 15_000;
/** Names are given by whoever sends the requests. */
const MOST_MISSING = 50;

export function createImmichService(dependencies: ImmichDependencies): ImmichService {
  const { clock, log, streams, settings, activity, runners, fleet, openDoor } = dependencies;
  const keepAwake = createKeepAwake(dependencies);
  const backend = createDoorBackend({
    ...dependencies,
    keepAwake,
    hasFolder: () => settings.current().immich.folder !== null,
  });
  const missing = new Set<string>();
  const stops: (() => void)[] = [];
  let door: { opened: OpenDoor; host: string; port: number } | null = null;
  let problem: ImmichProblem | null = null;
  let retry: Timer | null = null;
  let stopped = false;
  let working: Promise<void> | null = null;
  let again = false;

  const wanted = () => wantedDoor(settings.current().immich);

  function view(): ImmichView {
    const state = door?.opened.state() ?? { held: 0, working: 0, bytes: 0, lastWake: null };
    const isOff = wanted().listen === null || openDoor === null;
    return {
      state: door !== null ? 'running' : problem === null || isOff ? 'off' : 'failed',
      urls: door === null ? [] : urlsOf(door),
      listening: door === null ? null : listeningOn(door.host),
      problem,
      missing: [...missing],
      ...state,
    };
  }

  function urlsOf({ host, opened: { port } }: { host: string; opened: OpenDoor }): string[] {
    const own = [`http://127.0.0.1:${port}`];
    if (listeningOn(host) === 'loopback') return own;
    const others = dependencies.interfaces().filter(({ internal }) => !internal);
    return [...own, ...others.map(({ address }) => `http://${address}:${port}`)];
  }

  const show = () => {
    if (!stopped) streams.immich.set('immich', view());
  };

  function onMissing(graph: string): void {
    if (missing.size >= MOST_MISSING) return;
    missing.add(graph);
    const names = runners.tracked().map(({ address }) => address.name);
    activity.record({
      kind: 'fleet',
      severity: 'warning',
      message: fact('IMMICH_MODEL_MISSING', { model: graph }),
      why: fact('IMMICH_MODEL_MISSING_HINT', { runners: names }),
      nodeId: null,
      notify: true,
    });
    log.warn('Immich asks for a model that no runner has.', { graph, runners: names });
    show();
  }

  function onWake({ nodeId, name, outcome, reason }: DoorWake): void {
    if (outcome !== 'awake' && outcome !== 'failed') return;
    const ok = outcome === 'awake';
    activity.record({
      kind: 'fleet',
      severity: ok ? 'success' : 'warning',
      message: ok
        ? fact('IMMICH_WOKE', { node: name })
        : fact('IMMICH_WAKE_FAILED', { node: name, reason: reason ?? '' }),
      why: ok ? null : fact('IMMICH_RETRIES'),
      nodeId: fleet.get(nodeId) === null ? null : nodeId,
      notify: false,
    });
  }

  async function step(open: OpenImmichDoor): Promise<void> {
    const { listen, problem: why } = wanted();
    retry?.cancel();
    retry = null;
    if (door !== null && (listen === null || listen.host !== door.host || listen.port !== door.port)) {
      const { opened } = door;
      door = null;
      await opened.close();
    }
    problem = why;
    if (listen === null) return;
    // The runner of this computer is there for the first text.
    if (settings.current().immich.folder !== null) runners.need();
    if (door !== null) return;
    try {
      const opened = await open({
        listen,
        backend,
        onChange: show,
        onMissing,
        onWake,
        rules() {
          const { holdSeconds, cpuMeanwhile, bodyBudgetMb, ocrUrl } = settings.current().immich;
          const budgetBytes = bodyBudgetMb * 1024 * 1024;
          return { holdMs: holdSeconds * 1000, cpuMeanwhile, budgetBytes, allowed: wanted().allowed, ocrUrl };
        },
      });
      door = { opened, ...listen };
    } catch (error) {
      problem = listenProblem(error, listen.port);
      log.warn('The door for Immich cannot listen.', { error: String(error) });
      retry = clock.timer(RETRY_MS, update);
    }
  }

  /** One step at a time; a change meanwhile is another step. */
  function update(): void {
    again = true;
    if (working !== null || stopped || openDoor === null) return;
    working = (async () => {
      while (again && !stopped) {
        again = false;
        await step(openDoor);
        show();
      }
      working = null;
    })();
  }

  return {
    view,
    async start() {
      show();
      stops.push(settings.onChange(update));
      update();
      await working;
    },
    async stop() {
      stopped = true;
      for (const stop of stops) stop();
      retry?.cancel();
      await working;
      await door?.opened.close();
      door = null;
      keepAwake.stop();
    },
  };
}

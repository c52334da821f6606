/** The runners of the fleet: which there are, how they are, and what is asked of them. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { RunnerView } from '../../../shared/models/runner.ts';
import { heardRoles } from '../agents/heard-roles.ts';
import type { WakeRequester } from '../policies/policy.ts';
import type { RunnerLink } from '../ports/runner.ts';
import { type Loop, startLoop } from '../runtime/loop.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { findFaces, mayFindFaces } from './find-faces.ts';
import { createLocalLife, type LocalState } from './local-life.ts';
import type { RunnersDependencies, RunnersService } from './model.ts';
import { createPulls } from './pulls.ts';
import { createRememberedRunners } from './remembered-runners.ts';
import { createRunnerAcquire } from './runner-acquire.ts';
import { type RunnerAddress, runnerAddresses } from './runner-addresses.ts';
import { createRunnerFleet } from './runner-fleet.ts';
import { runnerView, withOwnProblem } from './runner-view.ts';
import { shareOut } from './share-out.ts';
import { createTrackedRunner, type TrackedRunner } from './tracked-runner.ts';
import { createWakeRunner, type WakeRunner } from './wake-runner.ts';

/** While this computer's runner starts, it is asked this often. */
const STARTING_PROBE_MS = 250;
/** How long to wait for a runner that has just been started. */
const READY_MS = 60_000;

export function createRunnersService(dependencies: RunnersDependencies): RunnersService {
  const { clock, random, log, streams, settings, activity, fleet, agents, connectRunner } = dependencies;
  const runners = new Map<string, TrackedRunner>();
  const dimensions = new Map<string, number>();
  const remembered = createRememberedRunners(dependencies);
  const stopping = new AbortController();
  const probing = new Map<string, Promise<void>>();
  let loop: Loop | null = null;
  let paused = false;

  const life = createLocalLife({
    clock,
    log,
    runner: dependencies.localRunner,
    wanted() {
      const { runner, immich } = settings.current();
      const { on, provider, modelsFolder, idleSeconds, catalogueUrl } = runner;
      return on ? { provider, modelsFolder, idleSeconds, catalogueUrl, immichCache: immich.folder } : null;
    },
    onChange: () => follow(),
  });
  const pulls = createPulls({ clock, onChange: show });
  const localOf = (runner: TrackedRunner): LocalState | undefined =>
    runner.address.from === 'this-computer' ? life.current() : undefined;
  const view = createRunnerFleet({ log, fleet, runners, localOf, probeSoon: (id) => void probe(id) });
  const acquire = createRunnerAcquire({ ...dependencies, view, runners, need: life.need, ready: life.ready });

  function viewOf(runner: TrackedRunner): RunnerView {
    const { nodeId } = runner.address;
    const local = localOf(runner);
    const machineHasGpu = fleet.get(nodeId)?.hasGpu === true && local === undefined;
    return withOwnProblem(runnerView(runner, { local, pulls: pulls.of(nodeId), machineHasGpu }), local);
  }

  function show(nodeId: string): void {
    const runner = runners.get(nodeId);
    if (runner === undefined) streams.runners.delete(nodeId);
    else streams.runners.set(nodeId, viewOf(runner));
  }

  function changed(nodeId: string): void {
    show(nodeId);
    view.refresh(nodeId);
  }

  const linkOf = ({ url, token }: RunnerAddress): RunnerLink | null =>
    url === null ? null : connectRunner({ url, token });

  /** As its agent says, or said before this core started: one that sleeps has said nothing since. */
  function hasRole(nodeId: string): boolean {
    const roles = heardRoles(agents.view(nodeId));
    return roles?.includes('runner') ?? remembered.hadRole(nodeId, fleet.get(nodeId)?.agentUrl ?? null);
  }

  function addresses(): RunnerAddress[] {
    const { on, urls } = settings.current().runner;
    const local = life.current();
    const mayRun = on && dependencies.localRunner !== null;
    return runnerAddresses({
      nodes: fleet.list(),
      local: !mayRun ? null : local.state === 'running' ? local : 'not-running',
      agentOf: (nodeId) => (hasRole(nodeId) ? { token: fleet.agentToken(nodeId) } : null),
      urls,
      token: settings.secret('runner.token'),
    });
  }

  /** Adds, moves and removes runners; nothing is asked of one whose machine is off. */
  function follow(): void {
    if (stopping.signal.aborted) return;
    const wanted = new Map(addresses().map((address) => [address.nodeId, address]));
    for (const nodeId of [...runners.keys()]) {
      if (wanted.has(nodeId)) continue;
      runners.delete(nodeId);
      remembered.forget(nodeId);
      changed(nodeId);
    }
    for (const [nodeId, address] of wanted) {
      const known = runners.get(nodeId);
      if (known === undefined) {
        const link = linkOf(address);
        runners.set(
          nodeId,
          createTrackedRunner({
            ...{ clock, address, link, timeoutMs, dimensions, onChange, onGpu },
            remembered: remembered.of(address),
            onReport: remembered.save,
          }),
        );
      } else if (JSON.stringify(known.address) !== JSON.stringify(address)) {
        const moved = known.address.url !== address.url || known.address.token !== address.token;
        known.moveTo(address, moved ? linkOf(address) : known.link);
        if (moved) view.restarted(nodeId);
      } else {
        changed(nodeId);
        continue;
      }
      changed(nodeId);
      void probe(nodeId);
    }
  }

  const timeoutMs = () => settings.current().runner.timeoutMs;
  const onChange = (runner: TrackedRunner) => changed(runner.address.nodeId);

  function onGpu({ address: { nodeId, name: node }, status }: TrackedRunner, change: 'lost' | 'back'): void {
    const problem = runners.get(nodeId)?.problem() ?? null;
    activity.record({
      kind: 'fleet',
      severity: change === 'lost' ? 'warning' : 'success',
      message: change === 'lost' && problem !== null ? problem.message : fact('RUNNER_RECOVERED', { node }),
      why: change === 'lost' ? (problem?.next ?? null) : null,
      nodeId: fleet.get(nodeId) === null ? null : nodeId,
      notify: change === 'lost',
    });
    log.info('The provider of a runner changed.', { nodeId, provider: status()?.provider });
  }

  /** Whether its machine may be asked: one that sleeps is left alone. */
  function mayAsk({ address, link }: TrackedRunner): boolean {
    if (link === null) return false;
    if (!address.inFleet || address.from === 'this-computer') return true;
    const state = fleet.get(address.nodeId)?.state;
    return state === 'booting' || state === 'serving' || state === 'gpu-verified' || state === 'trouble';
  }

  /** One at a time for each runner. */
  function probe(nodeId: string): Promise<void> {
    const running = probing.get(nodeId);
    if (running !== undefined) return running;
    const runner = runners.get(nodeId);
    if (runner === undefined || paused || stopping.signal.aborted || !mayAsk(runner))
      return Promise.resolve();
    const asked = runner
      .probe(stopping.signal)
      .catch(() => undefined)
      .finally(() => {
        probing.delete(nodeId);
        if (!stopping.signal.aborted) show(nodeId);
        // It is starting: whoever waits for it is to know soon.
        const isStarting = localOf(runner)?.state === 'running' && runner.reach() !== 'ready';
        if (isStarting) clock.timer(STARTING_PROBE_MS, () => void probe(nodeId));
      });
    probing.set(nodeId, asked);
    return asked;
  }

  function require(nodeId: string | undefined): TrackedRunner {
    const found =
      nodeId === undefined
        ? [...runners.values()].find(({ address }) => address.from === 'this-computer')
        : runners.get(nodeId);
    if (found !== undefined) return found;
    if (nodeId === undefined || fleet.get(nodeId)?.kind === 'this-computer') {
      throw new PilotlightError('RUNNER_OFF');
    }
    throw new PilotlightError('NOT_FOUND', { details: { nodeId } });
  }

  /** A runner that answers; this computer's is started. */
  async function reach(nodeId: string | undefined, signal: AbortSignal) {
    const runner = require(nodeId);
    if (localOf(runner) !== undefined) await life.ready(signal);
    const { link, address } = runner;
    if (link === null) throw new PilotlightError('HOST_UNREACHABLE', { details: { nodeId: address.nodeId } });
    if (!mayAsk(runner)) {
      throw new PilotlightError('NODE_ASLEEP', {
        message: fact('RUNNER_NOT_SERVING', { node: address.name }),
        details: { nodeId: address.nodeId },
      });
    }
    return { runner, link };
  }

  async function onModel(
    nodeId: string | undefined,
    signal: AbortSignal,
    act: (link: RunnerLink) => Promise<void>,
  ): Promise<RunnerView> {
    const { runner, link } = await reach(nodeId, signal);
    await act(link);
    // A probe that began before may not show the change.
    await probing.get(runner.address.nodeId);
    await probe(runner.address.nodeId);
    return viewOf(runner);
  }

  /** This computer's runner, where it is the only one that could answer, is there before the texts are shared out. */
  async function startIfAlone(nodeId: string | undefined, signal: AbortSignal): Promise<void> {
    const known = nodeId === undefined ? [...runners.values()] : [require(nodeId)];
    if (known.some((runner) => runner.usable())) return;
    const local = known.find((runner) => localOf(runner) !== undefined);
    if (local === undefined) {
      if (nodeId !== undefined) await reach(nodeId, signal);
      return;
    }
    await life.ready(signal);
    await withDeadline(clock, READY_MS, signal, async (limited) => {
      while (!local.usable()) {
        limited.throwIfAborted();
        await probe(local.address.nodeId);
        if (local.reach() === 'failing') return;
        if (!local.usable()) await clock.sleep(STARTING_PROBE_MS, limited);
      }
    });
  }

  const all = () => [...runners.values()];
  const wake = createWakeRunner({ acquire, fleet: view, runners: all });

  /** What it resolves with keeps a woken machine on. */
  async function madeReady(
    nodeId: string | undefined,
    by: WakeRequester | undefined,
    signal: AbortSignal,
    wakeOne: WakeRunner['forFaces'],
  ): Promise<AsyncDisposable | null> {
    const isAsleep = nodeId !== undefined && view.get(require(nodeId).address.nodeId)?.state === 'off';
    if (by === undefined || !isAsleep) await startIfAlone(nodeId, signal);
    return by === undefined ? null : wakeOne({ nodeId, by, signal });
  }
  const stops: (() => void)[] = [];

  return {
    list: () => all().map(viewOf),
    tracked: all,
    fleet: view,
    acquire,
    need: life.need,
    async startLocal(signal) {
      await life.ready(signal);
      const runner = require(undefined);
      await probe(runner.address.nodeId);
      return viewOf(runner);
    },
    async stopLocal() {
      const runner = require(undefined);
      await life.stop();
      return viewOf(runner);
    },
    addModel: (nodeId, model, signal) => onModel(nodeId, signal, (link) => link.addModel(model, signal)),
    removeModel: (nodeId, name, signal) => onModel(nodeId, signal, (link) => link.removeModel(name, signal)),
    loadModel: (nodeId, name, signal) => onModel(nodeId, signal, (link) => link.loadModel(name, signal)),
    dropModel: (nodeId, name, signal) => onModel(nodeId, signal, (link) => link.dropModel(name, signal)),
    catalogue: async (nodeId, signal) => (await reach(nodeId, signal)).link.catalogue(signal),
    async pull(nodeId, name, signal) {
      const { runner, link } = await reach(nodeId, signal);
      const id = runner.address.nodeId;
      return pulls.start({ nodeId: id, link }, name, () => void probe(id));
    },
    cancelPull(nodeId, name) {
      pulls.cancel(nodeId ?? require(undefined).address.nodeId, name);
    },
    async embed(request, signal) {
      const { nodeId, model, wakeBy } = request;
      await using _ = await madeReady(nodeId, wakeBy, signal, (wish) => wake.forTexts(model, wish));
      const options = { ...dependencies, runners: all };
      return shareOut({ ...options, settings: () => settings.current().runner }, request, signal);
    },
    async faces({ nodeId, image, wakeBy }, signal) {
      await using _ = await madeReady(nodeId, wakeBy, signal, wake.forFaces);
      return findFaces({ ...dependencies, runners: all }, { nodeId, image }, signal);
    },
    mayFindFaces: () => mayFindFaces(all(), dependencies.localRunner),
    totals: () =>
      all().map(({ address: { nodeId, name }, statistics }) => ({ nodeId, name, ...statistics.totals() })),
    async start() {
      stops.push(
        settings.onChange((next, previous) => {
          if (JSON.stringify(next.runner) === JSON.stringify(previous.runner)) return;
          life.follow();
          follow();
          loop?.reschedule();
        }),
        agents.onChange(() => follow()),
        fleet.onChange((node, previous) => {
          const nodeId = node?.id ?? previous?.id;
          const runner = nodeId === undefined ? undefined : runners.get(nodeId);
          if (
            node === null ||
            previous === null ||
            node.name !== previous.name ||
            node.agentUrl !== previous.agentUrl ||
            node.hasAgentToken !== previous.hasAgentToken
          )
            follow();
          if (nodeId === undefined || runner === undefined || node?.state === previous?.state) return;
          if (mayAsk(runner)) void probe(nodeId);
          else if (localOf(runner) === undefined) runner.wentOff();
          view.refresh(nodeId);
        }),
      );
      follow();
      loop = startLoop({
        clock,
        random,
        intervalMs: () => settings.current().runner.healthIntervalMs,
        run: async () => {
          await Promise.all([...runners.keys()].map(probe));
        },
      });
      if (await dependencies.localRunner?.hasModels()) life.need();
    },
    async pause() {
      paused = true;
      await Promise.all(probing.values());
    },
    resume() {
      paused = false;
      void loop?.runNow();
    },
    async stop() {
      for (const stop of stops) stop();
      acquire.stop();
      await pulls.stop();
      stopping.abort(new PilotlightError('STOPPING'));
      await loop?.stop();
      await Promise.all(probing.values());
      await life.end();
    },
  };
}

/** The table of roles; a new one is a new line. */
import type { AgentRole, AnswerSent, agentApi } from '../../shared/contract/agent.ts';
import type { Emitter } from '../../shared/emitter.ts';
import type { AgentHost, Clock, NetworkInterface, Udp } from '../adapters/agent-host/types.ts';
import type { Attempts } from '../adapters/http/attempts.ts';
import type { WorkerHost } from '../adapters/processes/worker-host.ts';
import { createAwakeAnnouncement, type Post } from './awake-announcement.ts';
import type { AgentConfig } from './config.ts';
import type { Damage } from './damage.ts';
import { errorText } from './errors.ts';
import type { Route } from './http/route.ts';
import { startImmichRole } from './immich/role.ts';
import { openLeaseJournal } from './leases/journal.ts';
import { createLeases } from './leases/leases.ts';
import { createPanelTraffic } from './leases/traffic.ts';
import { createCountdownNotes } from './power/countdown-notes.ts';
import { createIdleShutdown, type IdleShutdown } from './power/idle-shutdown.ts';
import { createWatchedInhibitor } from './power/inhibit.ts';
import { createOllamaControl } from './power/ollama.ts';
import { leaseReasons, type PowerAction, powerReasons, type Reason, reasonsAgainst } from './power/policy.ts';
import { openPolicyBook, type PolicyBook } from './power/policy-book.ts';
import { createPower, type Power } from './power/power.ts';
import { powerRoutes } from './power/routes.ts';
import { createRelay } from './relay/relay.ts';
import { startRunnerRole } from './runner/runner.ts';
import { createTelemetry } from './telemetry/hub.ts';
import type { BusyReason } from './update/routes.ts';
import { type Work, workReason } from './work.ts';
import { startWorkerRole } from './worker/role.ts';

export interface RoleContext {
  config: AgentConfig;
  /** The agent's own folder. */
  folder: string;
  bootId: string;
  /** This agent's; never changes. */
  id: string;
  token: string;
  clock: Clock;
  host: AgentHost;
  udp: Pick<Udp, 'send' | 'magicPacket'>;
  interfaces(): readonly NetworkInterface[];
  reachable(address: string, port: number): Promise<boolean>;
  /** Posts to a panel at the address that it gave. */
  post: Post;
  attempts: Attempts;
  version: string;
  /** Starts the program of the runner; null if there is none. */
  runnerHost: WorkerHost | null;
  /** Starts the program of the worker; null if there is none. */
  workerHost: WorkerHost | null;
  /** What keeps this machine awake while it lasts. */
  work: Work;
  /** Emitted when something about power changes; the telemetry role passes it on to panels. */
  news: Emitter<[]>;
  /** The command line that a person on this machine types before agent commands. */
  program: string;
  /** Which files were damaged, and what may be missing. */
  damage: Damage;
  log(message: string): void;
}

export interface RunningRole {
  routes: readonly Route[];
  /** Its part of /health. */
  health(): Promise<Partial<AnswerSent<typeof agentApi.health>>>;
  /** Called when every port is listening, so that others may call. */
  onListening?(): void;
  /** Why the agent is not restarted now. */
  busy?(): readonly BusyReason[];
  stop(): void;
}

export interface Role {
  /** Roles with the same number share a port. */
  port(config: AgentConfig): number;
  start(context: RoleContext): RunningRole;
}

export const roles: Readonly<Record<AgentRole, Role>> = {
  relay: { port: (config) => config.port ?? config.relayPort, start: startRelay },
  power: { port: (config) => config.port ?? config.powerPort, start: startPower },
  telemetry: { port: (config) => config.port ?? config.powerPort, start: startTelemetry },
  runner: { port: (config) => config.port ?? config.powerPort, start: startRunner },
  worker: { port: (config) => config.port ?? config.powerPort, start: startWorkerRole },
};

function relayOf({ config, udp, interfaces, reachable, clock, log }: RoleContext) {
  return createRelay({
    settings: {
      allowedMacs: config.allowMac,
      broadcasts: config.broadcast,
      wakePorts: config.wakePort,
      secureOn: config.secureOn,
      target: config.target,
      targetPort: config.targetPort,
      openWake: config.openWake,
    },
    udp,
    interfaces,
    reachable,
    monotonic: clock.monotonic,
    log,
  });
}

function startRelay(context: RoleContext): RunningRole {
  const { routes, health } = relayOf(context);
  return { routes, health, stop: () => {} };
}

function startRunner(context: RoleContext): RunningRole {
  const { config, runnerHost, clock, id, log } = context;
  const runner = startRunnerRole({
    ...context,
    host: runnerHost,
    open: config.openRunner,
    immichFolder: config.immichFolder,
  });
  if (config.immich === null) return runner;
  const { wake } = relayOf(context);
  const door = startImmichRole({
    config: config.immich,
    bind: config.bind,
    id,
    clock,
    log,
    wake,
    local: runner.local,
  });
  return {
    ...runner,
    stop() {
      door.stop();
      runner.stop();
    },
  };
}

function startPower(context: RoleContext): RunningRole {
  const { config, folder, bootId, id, token, clock, host, post, attempts, news, damage, work, log } = context;
  const { inhibit, restartOllama, ...commands } = config.commands;
  const inhibitor = createWatchedInhibitor({ host, command: inhibit ?? null, log, changed: news.emit });
  // Opened before the policies, which are written with checksums from then on.
  const journal = openLeaseJournal(folder, damage);
  const kept = openPolicyBook(folder, bootId, damage);
  const book: PolicyBook = {
    ...kept,
    put: (...entry) => {
      kept.put(...entry);
      idleShutdown?.policyChanged();
      news.emit();
    },
    remove: (...entry) => {
      kept.remove(...entry);
      idleShutdown?.policyChanged();
      news.emit();
    },
  };
  const urls = () => book.policies().flatMap(({ helloUrl }) => helloUrl ?? []);
  const announcement = createAwakeAnnouncement({ clock, post, agent: id, bootId, token, urls, log });
  let idleShutdown: IdleShutdown | null = null;

  const leases = createLeases({
    clock,
    journal,
    onChange({ began, ended, expired, live }) {
      holdOrRelease();
      if (began.length > 0) log(`leases: began ${began.join(', ')}; ${live} now`);
      if (ended.length > 0) log(`leases: ${expired ? 'expired' : 'ended'} ${ended.join(', ')}; ${live} now`);
      // A new lease cancels an automatic countdown; a person's is checked again when it ends.
      if (began.length > 0 && power.automatic() !== null) power.cancel('a new lease');
      idleShutdown?.leaseChanged(began.length > 0);
      news.emit();
    },
  });
  const traffic = createPanelTraffic({ clock, onChange: news.emit });
  /** Acquires the lock again after it was released for a power action. */
  function holdWhileNeeded(): void {
    if (leases.count() > 0 || work.isActive()) inhibitor.hold();
  }
  function holdOrRelease(): void {
    if (leases.count() > 0 || work.isActive()) inhibitor.hold();
    else void inhibitor.release();
  }
  work.onChange(() => {
    holdOrRelease();
    if (work.isActive() && power.automatic() !== null) power.cancel('work on this machine');
    news.emit();
  });
  holdWhileNeeded();
  const rules = { busyPercent: config.busyPercent, ignoredUsers: config.ignoreUser };

  /** Leases that may be missing keep the machine on like live ones. */
  const missing = (): Reason[] => [
    ...[damage.reason()].flatMap((reason) => reason ?? []),
    ...(work.isActive() ? [workReason] : []),
  ];

  const respectUsers = () => idleShutdown?.effective()?.respectUsers ?? false;
  /** Whether the last reading included users. */
  let askedForUsers = true;

  /** Read again if the policy came to require users meanwhile. */
  async function reasons(wanted: ReasonsWanted): Promise<Reason[]> {
    const respectUsers = wanted.respectUsers();
    const found = await reasonsOnce({ ...wanted, respectUsers });
    if (!respectUsers && wanted.respectUsers()) return reasons(wanted);
    askedForUsers = respectUsers;
    return found;
  }

  async function reasonsOnce({
    action,
    automatic,
    respectUsers,
  }: Omit<ReasonsWanted, 'respectUsers'> & { respectUsers: boolean }) {
    const signal = AbortSignal.timeout(10_000);
    const [gpu, users, blockers] = await Promise.all([
      host.gpuLoad(signal).catch((error: unknown) => ({ percent: null, problem: errorText(error) })),
      respectUsers
        ? host.users(signal).catch((error: unknown) => ({ names: [], problem: errorText(error) }))
        : { names: [], problem: null },
      host.blockers(action, signal, { automatic }).then(
        (programs) => ({ programs, problem: null }),
        (error: unknown) => ({ programs: null, problem: errorText(error).split('\n')[0] ?? null }),
      ),
    ]);
    const found = reasonsAgainst(
      { leases: leases.list(), gpu, users, blockers },
      { ...rules, respectUsers, unknownCounts: automatic },
    );
    return [...missing(), ...found];
  }

  /** The policy came to require users after the last reading. */
  function usersReasons(): Reason[] {
    if (askedForUsers || !respectUsers()) return [];
    const problem = 'The policy began to require it a moment ago.';
    return [{ code: 'USERS_UNKNOWN', message: `Who is logged in is not known: ${problem}`, problem }];
  }

  const decided = createPower({
    clock,
    host,
    commands,
    dryRun: config.dryRun,
    notes: createCountdownNotes(folder, damage),
    program: context.program,
    reasons: ({ action, automatic }) => reasons({ action, automatic, respectUsers }),
    knownReasons: () => [...missing(), ...leaseReasons(leases.list()), ...usersReasons()],
    sleeps: () => idleShutdown?.sleeps() ?? 0,
    async beforeAct() {
      const released = inhibitor.release();
      news.emit();
      await released;
    },
    onOutcome(outcome) {
      idleShutdown?.outcome(outcome);
      if (outcome.outcome !== 'done') holdWhileNeeded();
      news.emit();
    },
    log,
  });
  const power: Power = {
    ...decided,
    async ask(...asked) {
      const state = await decided.ask(...asked);
      news.emit();
      return state;
    },
  };

  idleShutdown = createIdleShutdown({
    clock,
    host,
    bootId,
    book,
    leaseReasons: () => leaseReasons(leases.list()),
    reasons: ({ action, ...policy }) =>
      reasons({ action, automatic: true, respectUsers: () => policy.respectUsers }),
    isIdle: () => power.state().phase === 'idle',
    slept(gapMs) {
      // Whoever woke the machine expects it to stay on, so a request from before the sleep is dropped.
      power.drop('interrupted', { code: 'SLEPT', message: 'The machine slept during the countdown.' });
      leases.slept(gapMs);
      traffic.slept(gapMs);
      holdWhileNeeded();
      announcement.send();
    },
    power,
    log,
  });

  const ollama = createOllamaControl({
    host,
    allowed: config.restartOllama,
    command: restartOllama,
    dryRun: config.dryRun,
    log,
  });

  return {
    routes: powerRoutes({
      power,
      leases,
      traffic,
      idleShutdown,
      book,
      damage,
      inhibitor,
      sleepTrouble: () => (leases.count() > 0 ? inhibitor.problem() : null),
      ollama,
      attempts,
      bootId,
      now: clock.now,
    }),
    health: async () => ({ service: 'gpu-shutdown' }),
    onListening: announcement.send,
    busy: () => [...missing(), ...leaseReasons(leases.list()), ...powerReasons(power.state())],
    stop() {
      announcement.stop();
      idleShutdown?.stop();
      power.stop();
      leases.stop();
      traffic.stop();
      void inhibitor.release();
    },
  };
}

interface ReasonsWanted {
  action: PowerAction;
  /** An automatic request: unknown users and GPUs count as in use, and so do programs that only block sleep. */
  automatic: boolean;
  respectUsers(): boolean;
}

function startTelemetry({ clock, host, news, log }: RoleContext): RunningRole {
  const telemetry = createTelemetry({ clock, host, log });
  const quiet = news.on(telemetry.news);
  return {
    routes: telemetry.routes,
    health: async () => ({}),
    stop() {
      quiet();
      telemetry.stop();
    },
  };
}

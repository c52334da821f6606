/** The roles, as a table: a new one (runner, worker) is a new line. */

import type { Emitter } from '../../shared/emitter.ts';
import type { AgentHost, Clock, NetworkInterface, Udp } from '../adapters/agent-host/types.ts';
import type { Attempts } from './attempts.ts';
import type { AgentConfig, RoleName } from './config.ts';
import type { Damage } from './damage.ts';
import { wordsOf } from './errors.ts';
import { createHello, type Post } from './hello.ts';
import type { Route } from './http/route.ts';
import { openLeaseJournal } from './leases/journal.ts';
import { createLeases } from './leases/leases.ts';
import { createCountdownNotes } from './power/countdown-notes.ts';
import { createFinish, FINISHER, type Finish } from './power/finish.ts';
import { createOllamaControl } from './power/ollama.ts';
import { reasonsAgainst } from './power/policy.ts';
import { openPolicyBook, type PolicyBook } from './power/policy-book.ts';
import { createPower, type Power } from './power/power.ts';
import { powerRoutes } from './power/routes.ts';
import { createRelay } from './relay/relay.ts';
import { createTelemetry } from './telemetry/hub.ts';

export interface RoleContext {
  config: AgentConfig;
  /** The agent's own folder. */
  folder: string;
  bootId: string;
  /** Of this agent, for ever. */
  id: string;
  token: string;
  clock: Clock;
  host: AgentHost;
  udp: Pick<Udp, 'send' | 'magicPacket'>;
  interfaces(): readonly NetworkInterface[];
  reachable(address: string, port: number): Promise<boolean>;
  /** Tells a panel something, at an address that it gave. */
  post: Post;
  attempts: Attempts;
  /** Emitted when something about power changes; the telemetry role passes it on to panels. */
  news: Emitter<[]>;
  /** What was damaged, and what may be missing. */
  damage: Damage;
  say(message: string): void;
}

export interface RunningRole {
  routes: readonly Route[];
  /** Its part of /health. */
  health(): Promise<Record<string, unknown>>;
  /** Everything listens now: others may call. */
  begun?(): void;
  stop(): void;
}

export interface Role {
  /** Roles with the same one share a port. */
  port(config: AgentConfig): number;
  start(context: RoleContext): RunningRole;
}

export const roles: Readonly<Record<RoleName, Role>> = {
  relay: { port: (config) => config.port ?? config.relayPort, start: startRelay },
  power: { port: (config) => config.port ?? config.powerPort, start: startPower },
  telemetry: { port: (config) => config.port ?? config.powerPort, start: startTelemetry },
};

function startRelay({ config, udp, interfaces, reachable, clock, say }: RoleContext): RunningRole {
  const relay = createRelay({
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
    say,
  });
  return { ...relay, stop: () => {} };
}

function startPower(context: RoleContext): RunningRole {
  const { config, folder, bootId, id, token, clock, host, post, attempts, news, damage, say } = context;
  const { inhibit, restartOllama, ...commands } = config.commands;
  const inhibitor = host.createInhibitor(inhibit ?? null);
  // Before the policies are: these are written with marks from then on.
  const journal = openLeaseJournal(folder, damage);
  const kept = openPolicyBook(folder, bootId, damage);
  const book: PolicyBook = {
    ...kept,
    put: (...entry) => {
      kept.put(...entry);
      news.emit();
    },
    remove: (...entry) => {
      kept.remove(...entry);
      news.emit();
    },
  };
  const urls = () => book.policies().flatMap(({ helloUrl }) => helloUrl ?? []);
  const hello = createHello({ clock, post, agent: id, bootId, token, urls, say });
  let finish: Finish | null = null;

  const leases = createLeases({
    clock,
    journal,
    onChange({ began, ended, expired, live }) {
      if (live > 0) inhibitor.hold();
      else inhibitor.release();
      if (began.length > 0) say(`leases: began ${began.join(', ')}; ${live} now`);
      if (ended.length > 0) say(`leases: ${expired ? 'expired' : 'ended'} ${ended.join(', ')}; ${live} now`);
      const { phase, current } = power.state();
      // Its own wish is over as soon as somebody needs the machine; a person's is looked at when its time comes.
      if (began.length > 0 && phase === 'countdown' && current?.by === FINISHER) power.cancel('a new lease');
      finish?.leaseChanged(began.length > 0);
      news.emit();
    },
  });
  /** Again, where it was let go for a power action. */
  function holdWhileNeeded(): void {
    if (leases.count() > 0) inhibitor.hold();
  }
  holdWhileNeeded();

  /** Leases that may be missing keep it on as those that are there do. */
  const missing = () => [damage.reason()].flatMap((reason) => reason ?? []);

  async function reasons(respectUsers: boolean, doubtCounts: boolean) {
    const signal = AbortSignal.timeout(10_000);
    const [gpu, users] = await Promise.all([
      host.gpuLoad(signal).catch((error: unknown) => ({ percent: null, problem: wordsOf(error) })),
      respectUsers
        ? host.users(signal).catch((error: unknown) => ({ names: [], problem: wordsOf(error) }))
        : { names: [], problem: null },
    ]);
    const found = reasonsAgainst(
      { leases: leases.list(), gpu, users },
      { busyPercent: config.busyPercent, respectUsers, ignoredUsers: config.ignoreUser, doubtCounts },
    );
    return [...missing(), ...found];
  }

  const decided = createPower({
    clock,
    host,
    commands,
    dryRun: config.dryRun,
    notes: createCountdownNotes(folder, damage),
    // What is not known holds up the agent alone: a person who asks may see for themselves.
    reasons: ({ by }) => reasons(finish?.effective()?.respectUsers ?? false, by === FINISHER),
    beforeAct() {
      inhibitor.release();
      news.emit();
    },
    onOutcome(outcome) {
      finish?.outcome(outcome);
      if (outcome.outcome !== 'done') holdWhileNeeded();
      news.emit();
    },
    say,
  });
  const power: Power = {
    ...decided,
    async ask(request) {
      const state = await decided.ask(request);
      news.emit();
      return state;
    },
  };

  finish = createFinish({
    clock,
    host,
    bootId,
    book,
    leases: leases.count,
    reasons: (policy) => reasons(policy.respectUsers, true),
    isIdle: () => power.state().phase === 'idle',
    slept(gapMs) {
      leases.slept(gapMs);
      holdWhileNeeded();
      hello.say();
    },
    ask: power.ask,
    say,
  });

  const ollama = createOllamaControl({
    host,
    allowed: config.restartOllama,
    command: restartOllama,
    dryRun: config.dryRun,
    say,
  });

  return {
    routes: powerRoutes({
      power,
      leases,
      finish,
      book,
      damage,
      inhibitor,
      ollama,
      attempts,
      bootId,
      now: clock.now,
    }),
    health: async () => ({ service: 'gpu-shutdown' }),
    begun: hello.say,
    stop() {
      hello.stop();
      finish?.stop();
      power.stop();
      leases.stop();
      inhibitor.release();
    },
  };
}

function startTelemetry({ clock, host, news, say }: RoleContext): RunningRole {
  const telemetry = createTelemetry({ clock, host, say });
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

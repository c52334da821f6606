/** The whole agent in this process, over a machine and a clock that the test moves. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  Abilities,
  AgentHost,
  AgentSample,
  HostPowerAction,
  MachineFacts,
  PowerBlocker,
  PowerOrder,
} from '../../../electron/adapters/agent-host/types.ts';
import { type AgentOptions, startAgent } from '../../../electron/agent/agent.ts';
import { readConfig } from '../../../electron/agent/config.ts';
import type { HelloMessage } from '../../../shared/contract/agent/hello.ts';
import { createFakeClock } from '../../fakes/clock.ts';

export interface Answer {
  status: number;
  headers: Headers;
  // Shapes differ by test; each test says what it expects.
  body: Record<string, unknown>;
}

const sample: AgentSample = {
  at: 0,
  host: {
    cpuPercent: 1,
    memoryTotalBytes: 32e9,
    memoryUsedBytes: 4e9,
    swapTotalBytes: null,
    swapUsedBytes: null,
    uptimeSeconds: 60,
  },
  gpus: [],
  gpusRead: 'all',
  problems: [],
};

/** A machine that a test makes up. */
export function createMachine(clock: { monotonic(): number }) {
  const machine = {
    bootId: 'boot-1',
    /** Seconds that it slept: only its uptime knows of them. */
    sleptSeconds: 0,
    gpuPercent: 0 as number | null,
    users: [] as string[],
    usersProblem: null as string | null,
    gpuProblem: null as string | null,
    ran: [] as string[],
    notices: [] as string[],
    inhibited: 0,
    /** What its next command ends with. */
    fails: null as Error | null,
    /** Only the first of the commands of an action fails. */
    failsOnce: null as Error | null,
    abilities: { shutdown: 'yes', sleep: 'yes', hibernate: 'yes', restart: 'yes' } as Abilities,
    /** Programs that block an action; a test may let it wait or reject. */
    blockers: async (_action: HostPowerAction, _order: PowerOrder): Promise<PowerBlocker[]> => [],
    /** Who is logged in according to the host; a test may make it wait. */
    readUsers: null as (() => Promise<string[]>) | null,
    inhibitorProblem: null as string | null,
    inhibitorChanged: () => {},
    /** Its inhibitor has ended when this has. */
    releasing: Promise.resolve(),
    inhibitorReleased: () => {},
  };
  const facts = (): MachineFacts => ({
    hostname: 'tower',
    platform: 'linux',
    bootId: machine.bootId,
    interfaces: [],
    ollama: { answers: false, version: null, startedAt: null, gpuFound: null },
  });
  const host: AgentHost = {
    platform: 'linux',
    bootId: async () => machine.bootId,
    uptimeSeconds: () => clock.monotonic() / 1000 + machine.sleptSeconds,
    users: async () => {
      const names = machine.readUsers === null ? machine.users : await machine.readUsers();
      return { names, problem: machine.usersProblem };
    },
    gpuLoad: async () => ({ percent: machine.gpuPercent, problem: machine.gpuProblem }),
    async run(command) {
      machine.ran.push(command.join(' '));
      const error = machine.failsOnce ?? machine.fails;
      machine.failsOnce = null;
      if (error !== null) throw error;
    },
    async notify(message) {
      machine.notices.push(message);
    },
    async abilities() {
      return machine.abilities;
    },
    blockers: (action, _, order) => machine.blockers(action, order),
    createInhibitor(_, changed) {
      let wanted = false;
      machine.inhibitorChanged = changed;
      const state = () => {
        const problem = wanted ? machine.inhibitorProblem : null;
        return { what: 'sleep' as const, held: wanted && problem === null, problem };
      };
      return {
        hold() {
          if (wanted) return;
          wanted = true;
          machine.inhibited += 1;
          changed();
        },
        async release() {
          if (wanted) {
            wanted = false;
            machine.inhibited -= 1;
            changed();
          }
          machine.inhibitorReleased();
          await machine.releasing;
        },
        state: () => ({ held: state().held, problem: state().problem, locks: [state()] }),
      };
    },
    openTelemetry: () => ({ read: async () => sample, machine: async () => facts(), close: () => {} }),
  };
  return { machine, host };
}

/** The command by which a Linux machine is asked to go. */
export const logindCommand = (method: 'PowerOff' | 'Reboot' | 'Suspend' | 'Hibernate') =>
  `busctl --system --allow-interactive-authorization=false call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager ${method} b false`;

export interface WorldOptions
  extends Partial<
    Pick<AgentOptions, 'connectionClock' | 'interfaces' | 'limits' | 'runnerHost' | 'update' | 'workerHost'>
  > {
  config?: Record<string, unknown>;
  /** One that is there already. Default: a new one. */
  folder?: string;
}

/** Listens on a free port of loopback. */
export async function createWorld({ config = {}, folder: given, ...others }: WorldOptions = {}) {
  const folder = given ?? mkdtempSync(join(tmpdir(), 'pilotlight-agent-'));
  const inner = createFakeClock();
  const time = { wallOffset: 0 };
  const clock = { ...inner, now: () => inner.now() + time.wallOffset };
  const { machine, host } = createMachine(clock);
  const said: string[] = [];
  const posts: { url: string; body: HelloMessage }[] = [];
  const panel = { status: 204, there: true };
  const content = { role: ['power', 'telemetry'], port: 0, bind: '127.0.0.1', ...config };

  const start = () =>
    startAgent({
      config: readConfig({ flags: {}, environment: {}, file: { path: 'test', content, privately: true } }),
      folder,
      clock,
      host,
      udp: { send: async () => {}, magicPacket: () => new Uint8Array(102) },
      interfaces: () => [],
      reachable: async () => true,
      async post(url, body) {
        posts.push({ url, body: body as HelloMessage });
        if (!panel.there) throw new Error('connect ECONNREFUSED');
        return panel.status;
      },
      version: '1.2.3',
      log: (line) => said.push(line),
      ...others,
    });

  let agent = await start();
  const token = readFileSync(join(folder, 'token'), 'utf8').trim();

  async function call(
    method: string,
    path: string,
    body?: unknown,
    bearer: string | null = token,
  ): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${agent.listening[0]?.port}${path}`, {
      method,
      // Each on its own: a fake clock must not be waited for by a connection that is kept.
      headers: { connection: 'close', ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const { status, headers } = response;
    return { status, headers, body: (await response.json()) as Record<string, unknown> };
  }

  return {
    folder,
    clock,
    time,
    machine,
    panel,
    posts,
    said,
    token,
    call,
    id: () => agent.id,
    port: () => agent.listening[0]?.port ?? 0,
    power: async () => (await call('GET', '/v1/power')).body,
    /** Stops it and starts it again, in the same folder. */
    async restart() {
      await agent.stop();
      agent = await start();
    },
    stop: () => agent.stop(),
    async [Symbol.asyncDispose]() {
      await agent.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type World = Awaited<ReturnType<typeof createWorld>>;

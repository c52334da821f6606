/** One release: its guest, the core, the stand-in network card, and how each case finds them. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { NodePower, PowerAction } from '../../../shared/models/power.ts';
import { BOOT_MS, EVENT_MS } from './deadline.ts';
import { createGuest, type Guest, type GuestImage, guestMac, ports } from './guest.ts';
import { type HelloTap, startHelloTap } from './hello-tap.ts';
import { type Panel, startPanel } from './panel.ts';
import { createSsh, type Ssh } from './ssh.ts';
import { startWaker, type Waker } from './waker.ts';

interface Prepared {
  images: Record<string, GuestImage>;
  accelerator: string;
  /** Of this run. */
  work: string;
  /** The built agent. */
  agent: string;
}

/** What build/test-vm.mjs prepared. Throws where a test is started without it. */
export function readPrepared(): Prepared {
  const text = process.env.PILOTLIGHT_VM_PREPARED;
  if (text === undefined) throw new Error('Start it with: npm run test:vm');
  return JSON.parse(text) as Prepared;
}

export interface AgentAnswer {
  status: number;
  // Each case says what it expects.
  body: Record<string, unknown>;
}

export interface PolicyAnswer {
  effective: { finishAlone: boolean } | null;
  decision: { do: string; why?: string };
  reasons: { code: string; message: string }[];
}

export interface World {
  guest: Guest;
  panel: Panel;
  waker: Waker;
  hellos: HelloTap;
  ssh: Ssh;
  agentUrl: string;
  /** Starts the guest and lets the run's key in. */
  begin(): Promise<void>;
  /** Until the agent answers at all. */
  answers(): Promise<void>;
  /** Adds the paired machine. */
  adopt(): Promise<void>;
  nodeId(): string;
  /** The machine is on, idle and known to the panel; its policy is never to power it off. */
  settle(): Promise<void>;
  /** Until the panel shows it serving, with its agent. */
  serving(): Promise<NodeView>;
  /** Wakes it by the panel and waits until it serves. */
  wake(): Promise<void>;
  off(action: PowerAction, options?: { force?: boolean; countdownSeconds?: number }): Promise<NodePower>;
  /**
   * How a power-off that is not forced is refused. It is asked with a countdown, which is cancelled where it was
   * accepted: then this rejects.
   */
  refusal(action: PowerAction): Promise<PilotlightError>;
  /** As another panel asks the agent. */
  ask(method: string, path: string, body?: object): Promise<AgentAnswer>;
  /** Another program's inhibitor, held until `endInhibitors`. */
  inhibit(options: { what: string; mode: 'block' | 'delay'; who: string; why: string }): Promise<void>;
  endInhibitors(): Promise<void>;
  /** The agent's decision about its policies, once it fits. */
  policy(fits: (answer: PolicyAnswer) => boolean): Promise<PolicyAnswer>;
  /** logind has heard that the agent keeps the machine awake no longer. */
  inhibitorGone(): Promise<void>;
  stop(): Promise<void>;
}

/** Between the cases: it stays on. The times are the shortest that are practical, for the case that waits for them. */
const settled = {
  powerOff: 'never',
  action: 'shutdown',
  idleMinutes: 1,
  countdownSeconds: 20,
  respectUsers: true,
} as const;

const heldPipe = '/run/other-program.held';
const BOOTED = 'the login prompt of the guest';

export async function createWorld(release: string): Promise<World> {
  const { images, accelerator, work } = readPrepared();
  const image = images[release];
  if (image === undefined) throw new Error(`There is no image of ${release}.`);
  const folder = join(work, release);
  mkdirSync(folder, { recursive: true });
  const guest = createGuest({ folder, image, accelerator });
  const hellos = await startHelloTap();
  const waker = await startWaker(guest);
  const panel = await startPanel(folder);
  const ssh = createSsh(folder);
  const agentUrl = `http://127.0.0.1:${ports.agent}`;
  let node: string | null = null;
  let token: string | null = null;

  function nodeId(): string {
    if (node === null) throw new Error('No agent is paired: the cases before this one failed.');
    return node;
  }

  const agentOk = (power: NodePower) => power.agent?.state === 'ok';
  const serving = async () => {
    const view = await panel.until(
      'fleet',
      nodeId(),
      ({ state }) => isServing(state),
      'the panel to see it serve',
      BOOT_MS,
    );
    await panel.until('power', nodeId(), agentOk, 'the panel to reach its agent', BOOT_MS);
    return view;
  };

  async function ask(method: string, path: string, body?: object): Promise<AgentAnswer> {
    token ??= await guest.sh('cat /var/lib/pilotlight-agent/token');
    const response = await fetch(agentUrl + path, {
      method,
      headers: { authorization: `Bearer ${token}`, connection: 'close' },
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as AgentAnswer['body'] };
  }

  const world: World = {
    guest,
    panel,
    waker,
    hellos,
    ssh,
    agentUrl,
    nodeId,
    serving,
    ask,
    async begin() {
      await guest.start();
      await guest.console().until(/login: $/, 0, BOOTED, BOOT_MS);
      for (const user of ['ann', 'bob']) {
        const home = `/home/${user}/.ssh`;
        await guest.sh(`install -d -o ${user} ${home} && cat > ${home}/authorized_keys`, ssh.publicKey);
      }
    },
    async answers() {
      const signal = AbortSignal.timeout(EVENT_MS);
      for (;;) {
        const answer = await fetch(`${agentUrl}/health`, { signal: AbortSignal.timeout(5000) }).catch(
          () => null,
        );
        if (answer?.ok) return;
        if (signal.aborted) throw new Error('The agent does not answer.');
        await pause(200);
      }
    },
    async adopt() {
      const input = { name: release, url: null, agentUrl, mac: guestMac };
      const wakeDestinations = [`127.0.0.1:${ports.wake}`];
      node = (await panel.call('fleet.add', { ...input, wakeDestinations })).id;
      await serving();
    },
    async settle() {
      await ssh.endAll();
      const id = nodeId();
      // First of all, so that what a failed case left does not power it off meanwhile.
      await panel.call('power.setPolicy', { nodeId: id, policy: settled });
      const woken = await guest.wake();
      if (woken === 'started') await guest.console().until(/login: $/, 0, BOOTED, BOOT_MS);
      if (woken === 'on') await guest.console().logout();
      await guest.sh(endSessions);
      await world.endInhibitors();
      await panel.call('fleet.look', { nodeId: id });
      await serving();
      const [power] = (await panel.call('power.list', {})).filter((one) => one.nodeId === id);
      if (power?.countdown) await panel.call('power.cancelOff', { nodeId: id });
      for (const lease of power?.leases ?? [])
        await panel.call('power.release', { nodeId: id, leaseId: lease.id });
      // A new lease ends the effect of a cancel in an earlier case.
      await ask('PUT', '/v1/leases/settle', { holder: 'the tests', purpose: 'a moment', ttlSeconds: 60 });
      await ask('DELETE', '/v1/leases/settle');
      await world.policy(({ effective }) => effective?.finishAlone === false);
      const idle = (one: NodePower) =>
        one.leases.length === 0 && one.leaving === null && one.countdown === null;
      await panel.until('power', id, idle, 'the panel to see it idle');
    },
    async wake() {
      await panel.until('fleet', nodeId(), ({ state }) => state === 'off', 'the panel to see it off');
      await panel.call('power.wake', { nodeId: nodeId() });
      await serving();
    },
    off: (action, options) => panel.call('power.off', { nodeId: nodeId(), action, ...options }),
    async refusal(action) {
      try {
        await world.off(action, { countdownSeconds: 300 });
      } catch (error) {
        return error as PilotlightError;
      }
      await panel.call('power.cancelOff', { nodeId: nodeId() });
      throw new Error(`The machine was about to ${action}: nothing kept it on.`);
    },
    async inhibit({ what, mode, who, why }) {
      // systemd-inhibit runs the command once it holds the lock, and the pipe is read until then.
      await guest.sh(`rm -f ${heldPipe} && mkfifo ${heldPipe}
systemd-run --quiet --collect --unit=other-program -- systemd-inhibit --what=${what} --mode=${mode} \\
  --who='${who}' --why='${why}' sh -c 'echo held > ${heldPipe}; exec sleep infinity'
timeout 120 cat ${heldPipe} || { systemctl status --no-pager other-program.service; exit 1; }`);
    },
    async endInhibitors() {
      await guest.run('systemctl stop other-program.service');
    },
    async policy(fits) {
      // The panel sends its policy in its own time, and does not report its arrival.
      const signal = AbortSignal.timeout(EVENT_MS);
      for (;;) {
        const answer = (await ask('GET', '/v1/policy')).body as unknown as PolicyAnswer;
        if (fits(answer)) return answer;
        if (signal.aborted) throw new Error(`The agent's policy is ${JSON.stringify(answer)}.`);
        await pause(200);
      }
    },
    async inhibitorGone() {
      await guest.sh(inGuest('! systemd-inhibit --list --no-legend --no-pager | grep -q Pilotlight'));
    },
    async stop() {
      await panel.stop();
      waker.stop();
      hellos.stop();
      await ssh.endAll();
      await guest.stop();
    },
  };
  return world;
}

/** A script that ends when the condition is true: what happens in the guest has no event here. */
const inGuest = (condition: string) => `tries=0
until ${condition}; do
  tries=$((tries + 1)); [ "$tries" -lt 600 ] || exit 1
  sleep 0.1
done`;

// A process left running by a command over ssh keeps its session "closing"; terminate-user does not end it.
const endSessions = `pkill -KILL -u ann,bob || true
for user in ann bob; do
  loginctl terminate-user "$user" 2>/dev/null || true
done
${inGuest("! loginctl list-sessions --no-legend | grep -Eq ' (ann|bob) '")}`;

/** The guest's own copy of the agent, as a person would have put it there. */
export const agentInGuest = '/root/agent.mjs';
export const agentProgram = () => readFileSync(readPrepared().agent, 'utf8');

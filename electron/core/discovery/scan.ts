/** One search for machines: announcements, the neighbour table, and the usual ports of each address. */
import type { Network } from '../../../shared/models/discovery.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import { isIn } from '../../../shared/network/broadcast.ts';
import { oneLine } from '../../../shared/printable.ts';
import type { Http, NetworkInterface, Surroundings } from '../ports/network.ts';
import type { Clock } from '../ports/time.ts';
import { createSlots } from '../runtime/slots.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { ask, PROBED_PORTS } from './ask.ts';
import type { Findings } from './findings.ts';
import { hostsOf, MOST_HOSTS } from './subnets.ts';

export interface ScanPlan {
  networks: readonly Network[];
  announced: boolean;
  neighbours: boolean;
}

export interface ScanReport {
  findings: Findings;
  /** Adds to the total number of steps. */
  expect(steps: number): void;
  /** One step is done. */
  step(): void;
  note(message: Message): void;
}

export interface ScanDependencies {
  clock: Clock;
  http: Http;
  surroundings: Surroundings;
  interfaces: readonly NetworkInterface[];
}

export const MOST_CONNECTIONS = 64;
const PORT_TIMEOUT_MS = 400;
const ANSWER_DEADLINE_MS = 1500;
export const ANNOUNCED_MS = 3000;
const NEIGHBOURS_DEADLINE_MS = 3000;

/** Resolves when everything is searched; rejects with the signal's reason. */
export async function scan(
  { clock, http, surroundings, interfaces }: ScanDependencies,
  plan: ScanPlan,
  report: ScanReport,
  signal: AbortSignal,
): Promise<void> {
  const { findings } = report;
  const slots = createSlots(MOST_CONNECTIONS);
  const own = new Set(interfaces.map(({ address }) => address));
  const isChosen = (address: string) =>
    !own.has(address) && plan.networks.some(({ subnet }) => isIn(subnet, address));

  async function readNeighbours() {
    try {
      const table = await withDeadline(clock, NEIGHBOURS_DEADLINE_MS, signal, surroundings.neighbours);
      return table.filter(({ address }) => isChosen(address));
    } catch {
      signal.throwIfAborted();
      report.note(fact('NEIGHBOURS_UNREADABLE'));
      return [];
    }
  }

  async function probePort(address: string, port: number): Promise<void> {
    await slots.run(async () => {
      if (!(await surroundings.accepts(address, port, PORT_TIMEOUT_MS, signal))) return;
      const answer = await ask(http, `http://${address}:${port}`, { deadlineMs: ANSWER_DEADLINE_MS, signal });
      if (answer.recognised || answer.problem) findings.answer(address, 'ports', answer);
    }, signal);
    report.step();
  }

  /** As many at once as there may be connections. The first failure, which is an abort, ends them all. */
  async function probePorts(addresses: readonly string[]): Promise<void> {
    const probes = addresses.flatMap((address) => PROBED_PORTS.map((port) => [address, port] as const));
    const next = probes.values();
    const work = async () => {
      for (const [address, port] of next) await probePort(address, port);
    };
    await Promise.all(Array.from({ length: Math.min(MOST_CONNECTIONS, probes.length) }, work));
  }

  /** An agent's answer wins over its announcement. */
  async function checkAnnounced(
    agent: Parameters<Parameters<Surroundings['announced']>[1]>[0],
  ): Promise<void> {
    const { address, port, name, txt } = agent;
    // An announcement may contain any address.
    if (!isChosen(address)) return;
    const url = `http://${address}:${port}`;
    findings.add(address, 'announced', { name: oneLine(name.slice(0, 100)) || null });
    const only = 'health';
    const answer = await slots.run(
      () => ask(http, url, { deadlineMs: ANSWER_DEADLINE_MS, signal, only }),
      signal,
    );
    const announced = {
      kind: 'agent' as const,
      version: txt.version === undefined ? null : oneLine(txt.version),
      roles: oneLine(txt.roles ?? '')
        .split(',')
        .filter((role) => role !== ''),
      id: txt.id ?? null,
    };
    findings.answer(address, 'announced', { ...answer, recognised: answer.recognised ?? announced });
  }

  async function listen(): Promise<void> {
    const controller = new AbortController();
    const end = () => controller.abort();
    signal.addEventListener('abort', end, { once: true });
    const timer = clock.timer(ANNOUNCED_MS, end);
    const checks: Promise<void>[] = [];
    try {
      const failed = await surroundings.announced(
        { interfaces: plan.networks.map(({ address }) => address) },
        (agent) => {
          if (checks.length >= MOST_HOSTS) return;
          const check = checkAnnounced(agent);
          check.catch(() => {});
          checks.push(check);
        },
        controller.signal,
      );
      for (const { interface: address, reason } of failed)
        report.note(fact('ANNOUNCEMENTS_NOT_HEARD', { address, reason }));
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', end);
    }
    await Promise.all(checks);
    signal.throwIfAborted();
    report.step();
  }

  const addresses = plan.networks.flatMap((network) => hostsOf(network, own));
  for (const { subnet, hosts, tooLarge } of plan.networks) {
    if (tooLarge) report.note(fact('NETWORK_TOO_LARGE', { subnet, hosts }));
  }
  report.expect(
    addresses.length * PROBED_PORTS.length + (plan.announced ? 1 : 0) + (plan.neighbours ? 1 : 0),
  );
  const listening = plan.announced ? listen() : null;
  // It is awaited below, where an earlier abort surfaces too.
  listening?.catch(() => {});
  if (plan.neighbours) {
    const table = await readNeighbours();
    for (const { address, mac } of table) findings.add(address, 'neighbours', { mac });
    const extra = table.map(({ address }) => address).filter((address) => !addresses.includes(address));
    addresses.push(...extra.slice(0, MOST_HOSTS));
    report.expect(Math.min(extra.length, MOST_HOSTS) * PROBED_PORTS.length);
    report.step();
  }
  await probePorts(addresses);
  await listening;
  // The table now has every machine that answered.
  if (findings.list().some(({ mac }) => mac === null)) findings.fillMacs(await readNeighbours());
}

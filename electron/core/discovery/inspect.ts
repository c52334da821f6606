/** Finds out what answers at an address that a person entered. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { FoundMachine } from '../../../shared/models/discovery.ts';
import { broadcastOf } from '../../../shared/network/broadcast.ts';
import { readIpv4 } from '../../../shared/network/ipv4.ts';
import { hostOf, isLoopbackHost, normaliseServerUrl, sameServerKey } from '../fleet/validate.ts';
import type { AgentMachine } from '../ports/agents.ts';
import type { Http, NetworkInterface, Surroundings } from '../ports/network.ts';
import type { Clock } from '../ports/time.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { ask, PROBED_PORTS, showsMachine } from './ask.ts';
import { describeAnswers, emptyMachine, type KnownNode, nodeOf } from './machine.ts';

export interface InspectDependencies {
  clock: Clock;
  http: Http;
  surroundings: Pick<Surroundings, 'neighbours' | 'resolve'>;
  interfaces(): NetworkInterface[];
  /** The machine of the agent at that URL; null without a token for it. */
  agentMachine(url: string, signal: AbortSignal): Promise<AgentMachine | null>;
  knownNodes(): KnownNode[];
}

const DEADLINE_MS = 3000;

/**
 * Asks the address itself, at its port if it names one, and the usual ports of that host. If the machine is on but
 * nothing known answers, every field except its addresses is null. Rejects with BAD_URL, NAME_NOT_RESOLVED,
 * HOST_UNREACHABLE or HOST_TIMEOUT.
 */
export async function inspectAddress(
  dependencies: InspectDependencies,
  text: string,
  signal: AbortSignal,
): Promise<FoundMachine> {
  const { clock, http, surroundings, interfaces } = dependencies;
  const asked = normaliseServerUrl(text, 'address');
  const host = hostOf(asked);
  const within = <Result>(work: (signal: AbortSignal) => Promise<Result>) =>
    withDeadline(clock, DEADLINE_MS, signal, work);
  const isName = readIpv4(host) === null && !host.includes(':') && !isLoopbackHost(host);
  const addresses = isName ? await within((limited) => surroundings.resolve(host, limited)) : [host];
  const address = addresses[0] ?? host;

  const answers = await Promise.all(
    urlsToAsk(asked, host).map((url) => ask(http, url, { deadlineMs: DEADLINE_MS, signal })),
  );
  const failures = answers.flatMap(({ failure }) => failure ?? []);
  if (failures.length === answers.length && !failures.some(showsMachine)) throw worst(failures);

  const machine: FoundMachine = { ...emptyMachine(address), ...describeAnswers(answers), foundBy: ['asked'] };
  const facts = machine.agent
    ? await within((limited) => dependencies.agentMachine(machine.agent?.url ?? '', limited)).catch(() => {
        signal.throwIfAborted();
        return null;
      })
    : null;
  const own = facts?.interfaces.find((one) => one.address === address);
  machine.name = (facts?.hostname || null) ?? (isName ? host : null);
  machine.mac = own?.mac.toUpperCase() ?? (await neighbourMac(dependencies, address, signal));
  machine.broadcast = own?.broadcast ?? broadcastOf(address, interfaces());
  const ownAddresses = new Set(interfaces().flatMap((one) => (one.internal ? [] : one.address)));
  return { ...machine, nodeId: nodeOf(machine, dependencies.knownNodes(), ownAddresses) };
}

/** What the person entered comes first, because it wins over the usual ports. */
function urlsToAsk(asked: string, host: string): string[] {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  const urls = [asked, ...PROBED_PORTS.map((port) => `http://${bracketed}:${port}`)];
  return [...new Map(urls.reverse().map((url) => [sameServerKey(url), url])).values()].reverse();
}

function worst(failures: readonly PilotlightError[]): PilotlightError {
  const unknown = failures.find(({ code }) => code === 'NAME_NOT_RESOLVED');
  const unreachable = failures.find(({ code }) => code === 'HOST_UNREACHABLE');
  return new PilotlightError((unknown ?? unreachable)?.code ?? 'HOST_TIMEOUT', {
    details: { field: 'address' },
  });
}

/** It answered a moment ago, so the system knows its MAC address if it is on the same network. */
async function neighbourMac(
  { clock, surroundings }: InspectDependencies,
  address: string,
  signal: AbortSignal,
): Promise<string | null> {
  if (isLoopbackHost(address)) return null;
  try {
    const neighbours = await withDeadline(clock, DEADLINE_MS, signal, surroundings.neighbours);
    return neighbours.find((one) => one.address === address)?.mac ?? null;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

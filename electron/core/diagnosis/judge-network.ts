/** The steps from a name to a machine that answers. Pure: what was seen, and the mend. */
import { formatDuration } from '../../../shared/units.ts';
import { fail, isSilent, notApplicable, type Probe, pass, showsHost, type Verdict } from './verdict.ts';

export interface NameFacts {
  /** null where the node has no address at all. */
  host: string | null;
  kind: 'address' | 'this-computer' | 'name';
  /** null where there is nothing to look up. */
  found: Probe<string[]> | null;
}

export function judgeName({ host, kind, found }: NameFacts): Verdict {
  if (host === null) return notApplicable('The node has no address.');
  if (kind === 'this-computer') return notApplicable(`${host} is this computer.`);
  if (kind === 'address' || found === null)
    return notApplicable(`${host} is an address: there is no name to look up.`);
  if (found.ok) {
    const addresses = found.value.length === 0 ? 'an IPv6 address' : found.value.join(', ');
    return pass(`${host} stands for ${addresses}.`);
  }
  if (found.error.code === 'HOST_TIMEOUT') {
    return fail(
      'The name service did not answer in time.',
      'Check the network and the DNS of this computer, or use the IP address of the machine.',
    );
  }
  return fail(
    `${host} is not known on this network.`,
    'Check the spelling, or use its IP address and let the router always give it the same one. A machine that announces its own name (.local) loses it while it sleeps.',
  );
}

export interface WayFacts {
  words: string;
  /** Why it cannot be gone; null where it can. */
  obstacle: string | null;
}

const FIND_MAC =
  'Give it the MAC address of its wired adapter: its agent knows it; else `ip link` there, or `ipconfig /all` on Windows.';

export function judgeWays({
  isThisComputer,
  ways,
}: {
  isThisComputer: boolean;
  ways: readonly WayFacts[];
}): Verdict {
  if (isThisComputer) return notApplicable('Pilotlight runs on it: it needs no waking.');
  const usable = ways.filter(({ obstacle }) => obstacle === null);
  const obstacles = ways.flatMap(({ words, obstacle }) =>
    obstacle === null ? [] : `By ${words}: ${obstacle}`,
  );
  if (usable.length > 0)
    return pass([`By ${usable.map(({ words }) => words).join(', then ')}.`, ...obstacles].join(' '));
  const noMac = ways.some(({ obstacle }) => obstacle?.includes('MAC') ?? false);
  return fail(
    obstacles.length === 0 ? 'It has no way to be woken.' : obstacles.join(' '),
    noMac ? FIND_MAC : 'Correct its ways to wake, or add another one.',
  );
}

export type RouteFacts =
  | {
      kind: 'direct';
      words: string;
      /** The packets go nowhere but to this computer. */
      isLocal: boolean;
      /** null where no name told it. */
      address: string | null;
      /** The network of this computer that the machine is in; null for none. */
      subnet: string | null;
      subnets: readonly string[];
      /** Destinations that the person named. */
      named: readonly string[];
    }
  | { kind: 'asked'; words: string; answer: Probe<{ remark: string }> }
  | { kind: 'command'; words: string };

interface RouteJudgement {
  good: boolean | null;
  sentence: string;
  mend: string;
}

/** Whether one of the ways gets to where it wakes; nothing is sent that would. */
export function judgeRoutes(routes: readonly RouteFacts[]): Verdict {
  const judged = routes.map(judgeRoute);
  const seen = judged.map(({ sentence }) => sentence).join(' ');
  if (judged.length === 0) return notApplicable('There is no way that could be tested.');
  if (judged.some(({ good }) => good === true)) return pass(seen);
  const bad = judged.filter(({ good }) => good === false);
  return bad.length === 0 ? notApplicable(seen) : fail(seen, bad.map(({ mend }) => mend).join(' '));
}

function judgeRoute(route: RouteFacts): RouteJudgement {
  if (route.kind === 'command')
    return { good: null, sentence: `${capital(route.words)} is not run by a diagnosis.`, mend: '' };
  if (route.kind === 'asked') {
    const { words, answer } = route;
    if (answer.ok)
      return { good: true, sentence: `${capital(words)} answers${answer.value.remark}.`, mend: '' };
    return { good: false, sentence: `${capital(words)}: ${answer.error.message}`, mend: answer.error.next };
  }
  const { isLocal, address, subnet, subnets, named } = route;
  const also = named.length === 0 ? '' : ` Packets also go to ${named.join(', ')}.`;
  const good = (sentence: string) => ({ good: true, sentence: `${sentence}${also}`, mend: '' });
  if (isLocal) return good('It is on this computer.');
  if (subnet !== null)
    return good(`It is in ${subnet}, a network of this computer, where a broadcast arrives.`);
  if (subnets.length === 0) {
    return {
      good: false,
      sentence: 'This computer is on no network.',
      mend: 'Connect this computer to the network.',
    };
  }
  if (address === null)
    return { good: null, sentence: `In which network it is, is not known.${also}`, mend: '' };
  const sentence = `${address} is in no network of this computer (${subnets.join(', ')}), so a broadcast does not arrive.`;
  if (named.length > 0) return good(sentence);
  return {
    good: false,
    sentence,
    mend: 'Add a way by a relay or an agent in its network, or a wake destination that the router there lets through.',
  };
}

export interface HostFacts {
  isThisComputer: boolean;
  /** null where it has neither a server nor an agent. */
  host: string | null;
  nameFound: boolean;
  /** On loopback anybody refuses, also for a simulated machine that is off. */
  isLocal: boolean;
  server: Probe<unknown> | null;
  agent: Probe<unknown> | null;
  /** It served when it was last looked at. */
  wasServing: boolean;
  mac: string | null;
  /** What the table of neighbours says of its address. */
  neighbourMac: string | null;
}

/** Whether anything answers at the address of the machine. */
export function hostAnswers({ isThisComputer, isLocal, server, agent }: HostFacts): boolean {
  if (isThisComputer) return true;
  return [server, agent].some(
    (probe) =>
      probe !== null &&
      (probe.ok || (showsHost(probe.error) && !(isLocal && probe.error.details?.reason === 'refused'))),
  );
}

const IF_ON = 'If it is on: check its cable, whether its address is still the same, and its firewall.';

export function judgeHost(facts: HostFacts): Verdict {
  const { isThisComputer, host, server, agent, wasServing, mac, neighbourMac } = facts;
  if (isThisComputer) return pass('Pilotlight runs on it.');
  if (host === null) return notApplicable('The node has no address.');
  if (!facts.nameFound) return notApplicable('Its name is not known, so nobody can be asked.');
  const answered = [server, agent].find((probe) => probe?.ok);
  const other = neighbourMac !== null && mac !== null && neighbourMac !== mac;
  if (!hostAnswers(facts)) {
    const before = wasServing
      ? ' It served a moment ago: a connection that stays half open hides that a machine went to sleep.'
      : '';
    return fail(
      `Nothing answers at ${host}.${before}`,
      `It may be asleep or off: wake it, then diagnose it again. ${IF_ON}`,
    );
  }
  if (answered?.ok) {
    const remark = other
      ? ` Its MAC address there is ${neighbourMac}, not ${mac}: that is right where it has two adapters.`
      : '';
    return pass(`It answers at ${host}, in ${formatDuration(answered.tookMs)}.${remark}`);
  }
  if (other) {
    return fail(
      `At ${host} a machine with the MAC address ${neighbourMac} answers; this node has ${mac}.`,
      'The router may have given its address to another machine: look up its address now, and let the router always give it the same one.',
    );
  }
  const silent = [server, agent].every((probe) => probe === null || (!probe.ok && isSilent(probe.error)));
  if (silent) return fail(`Nothing answers at ${host}.`, IF_ON);
  return pass(
    `Something answers at ${host}, though not as it should. Management hardware (AMT) does that while the machine itself is off.`,
  );
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);

/** Whether the name of a machine resolves, and whether anything answers there. Pure. */
import { fact } from '../../../shared/models/message.ts';
import { fail, notApplicable, type Probe, pass, showsHost, type Verdict } from './verdict.ts';

export interface NameFacts {
  /** null if the node has no address. */
  host: string | null;
  kind: 'address' | 'loopback' | 'name';
  /** null if there is nothing to resolve. */
  found: Probe<string[]> | null;
}

export function judgeName({ host, kind, found }: NameFacts): Verdict {
  if (host === null) return notApplicable(fact('NODE_HAS_NO_ADDRESS'));
  if (kind === 'loopback') return notApplicable(fact('HOST_IS_LOOPBACK', { host }));
  if (kind === 'address' || found === null) return notApplicable(fact('HOST_IS_ADDRESS', { host }));
  if (found.ok) return pass(fact('NAME_RESOLVES', { host, addresses: found.value }));
  if (found.error.code === 'HOST_TIMEOUT') return fail(fact('DNS_SILENT'), fact('CHECK_DNS'));
  return fail(fact('NAME_UNKNOWN', { host }), fact('CHECK_NAME'));
}

export interface HostFacts {
  onThisComputer: boolean;
  /** null if it has neither a server nor an agent. */
  host: string | null;
  nameFound: boolean;
  /** On loopback, a refusal is no sign of a machine: this computer also refuses for one behind it that is off. */
  isLoopback: boolean;
  server: Probe<unknown> | null;
  agent: Probe<unknown> | null;
  /** It served at the last probe. */
  wasServing: boolean;
  mac: string | null;
  /** The MAC address that the neighbour table has for its address. */
  neighbourMac: string | null;
}

/** Whether anything answers at the machine's address. */
export function hostAnswers({ onThisComputer, isLoopback, server, agent }: HostFacts): boolean {
  if (onThisComputer) return true;
  return [server, agent].some(
    (probe) =>
      probe !== null &&
      (probe.ok || (showsHost(probe.error) && !(isLoopback && probe.error.details?.reason === 'refused'))),
  );
}

export function judgeHost(facts: HostFacts): Verdict {
  const { onThisComputer, host, server, agent, wasServing, mac, neighbourMac } = facts;
  if (onThisComputer) return pass(fact('ON_THIS_COMPUTER'));
  if (host === null) return notApplicable(fact('NODE_HAS_NO_ADDRESS'));
  if (!facts.nameFound) return notApplicable(fact('NAME_UNKNOWN_SO_NOT_ASKED'));
  if (!hostAnswers(facts))
    return fail(fact('HOST_SILENT', { host, wasServing }), fact('WAKE_IT_OR_CHECK_CABLE'));
  const answered = [server, agent].find((probe) => probe?.ok);
  const otherMac =
    neighbourMac !== null && mac !== null && neighbourMac !== mac
      ? { seen: neighbourMac, expected: mac }
      : null;
  if (answered?.ok) return pass(fact('HOST_ANSWERS', { host, tookMs: answered.tookMs, otherMac }));
  if (otherMac !== null)
    return fail(fact('OTHER_MACHINE_ANSWERS', { host, ...otherMac }), fact('FIND_NEW_ADDRESS'));
  return pass(fact('HOST_ANSWERS_ODDLY', { host }));
}

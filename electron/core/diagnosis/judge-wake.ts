/** Whether a machine has a wake method, and whether that method reaches it. Pure. */
import { fact, type Message } from '../../../shared/models/message.ts';
import { fail, fixOf, messageOf, notApplicable, type Probe, pass, type Verdict } from './verdict.ts';

export interface WakeMethodFacts {
  method: Message;
  /** Why it cannot be used; null if it can. */
  unavailable: Message | null;
}

export function judgeWakeMethods({
  onThisComputer,
  methods,
}: {
  onThisComputer: boolean;
  methods: readonly WakeMethodFacts[];
}): Verdict {
  if (onThisComputer) return notApplicable(fact('ON_THIS_COMPUTER'));
  const usable = methods.flatMap(({ method, unavailable }) => (unavailable === null ? method : []));
  const unavailable = methods.flatMap(({ method, unavailable: reason }) =>
    reason === null ? [] : { method, reason },
  );
  if (usable.length > 0) return pass(fact('WAKE_METHODS', { usable, unavailable }));
  const noMac = unavailable.some(({ reason }) => reason.code === 'NO_MAC_ADDRESS');
  return fail(
    unavailable.length === 0 ? fact('NO_WAKE_METHOD') : fact('WAKE_METHODS_UNAVAILABLE', { unavailable }),
    fact(noMac ? 'FIND_MAC' : 'FIX_WAKE_METHODS'),
  );
}

export type RouteFacts =
  | {
      kind: 'direct';
      /** The packets do not leave this computer. */
      isLocal: boolean;
      /** null if its name could not be resolved. */
      address: string | null;
      /** The network of this computer that the machine is in; null if there is none. */
      subnet: string | null;
      subnets: readonly string[];
      /** Destinations that a person entered. */
      destinations: readonly string[];
    }
  /** Whether the relay or agent that would send the packet answers, and like one that Pilotlight knows. */
  | { kind: 'asked'; method: Message; answer: Probe<{ known: boolean }> }
  | { kind: 'command'; method: Message };

interface RouteVerdict {
  /** null if that is unknown. */
  reaches: boolean | null;
  seen: Message[];
  fix: Message[];
}

/** Whether one of its wake methods reaches it. Nothing that would wake it is sent. */
export function judgeRoutes({
  onThisComputer,
  routes,
}: {
  onThisComputer: boolean;
  routes: readonly RouteFacts[];
}): Verdict {
  if (onThisComputer) return notApplicable(fact('ON_THIS_COMPUTER'));
  if (routes.length === 0) return notApplicable(fact('NO_METHOD_TO_CHECK'));
  const judged = routes.map(judgeRoute);
  const seen = together(judged.flatMap((one) => one.seen));
  if (judged.some(({ reaches }) => reaches === true)) return pass(seen);
  const failed = judged.filter(({ reaches }) => reaches === false);
  return failed.length === 0 ? notApplicable(seen) : fail(seen, together(failed.flatMap(({ fix }) => fix)));
}

function judgeRoute(route: RouteFacts): RouteVerdict {
  switch (route.kind) {
    case 'command':
      return { reaches: null, seen: [fact('COMMAND_NOT_RUN', { method: route.method })], fix: [] };
    case 'asked': {
      const { method, answer } = route;
      if (answer.ok)
        return {
          reaches: true,
          seen: [fact('WAKER_ANSWERS', { method, known: answer.value.known })],
          fix: [],
        };
      const reason = messageOf(answer.error);
      return { reaches: false, seen: [fact('WAKER_FAILS', { method, reason })], fix: [fixOf(answer.error)] };
    }
    case 'direct':
      return judgePackets(route);
  }
}

function judgePackets(route: Extract<RouteFacts, { kind: 'direct' }>): RouteVerdict {
  const { isLocal, address, subnet, subnets, destinations } = route;
  const also = destinations.length === 0 ? [] : [fact('PACKETS_ALSO_TO', { destinations })];
  if (isLocal) return { reaches: true, seen: [fact('PACKETS_STAY_HERE'), ...also], fix: [] };
  if (subnet !== null) return { reaches: true, seen: [fact('IN_NETWORK', { subnet }), ...also], fix: [] };
  if (subnets.length === 0)
    return { reaches: false, seen: [fact('NO_NETWORK')], fix: [fact('CONNECT_THIS_COMPUTER')] };
  if (address === null) return { reaches: null, seen: [fact('NETWORK_UNKNOWN'), ...also], fix: [] };
  const seen = [fact('NOT_IN_NETWORK', { address, subnets }), ...also];
  if (destinations.length > 0) return { reaches: true, seen, fix: [] };
  return { reaches: false, seen, fix: [fact('ADD_RELAY')] };
}

/** A single message stays itself, so that its code shows. */
const together = (parts: Message[]): Message => {
  const [first, ...rest] = parts;
  return first !== undefined && rest.length === 0 ? first : fact('SENTENCES', { parts });
};

/** Answers discovery queries, only on the networks that this agent listens on. */

import { sameNetwork } from '../../../shared/network/ipv4.ts';
import type { Clock, NetworkInterface, Timer } from '../../adapters/agent-host/types.ts';
import { decodeMessage } from '../../adapters/network/mdns/decode.ts';
import { encodeResponse } from '../../adapters/network/mdns/encode.ts';
import { MDNS_ADDRESS, MDNS_PORT } from '../../adapters/network/mdns/message.ts';
import type { MulticastSocket, OpenMulticast } from '../../adapters/network/mdns/socket.ts';
import { errorText } from '../errors.ts';
import { type AnnouncedAgent, type Answer, allRecords, answerTo, merge } from './records.ts';

export interface Announcer {
  /** Reads the interfaces again; resolves when each has been joined or has failed. */
  refresh(): Promise<void>;
  /** Sends a goodbye. */
  stop(): void;
}

export interface AnnouncerOptions {
  clock: Clock;
  open: OpenMulticast;
  agent: AnnouncedAgent;
  /** The interfaces to answer on. */
  interfaces(): readonly NetworkInterface[];
  log(message: string): void;
}

interface Joined {
  socket: MulticastSocket;
  timers: Set<Timer>;
  /** When it last sent to the whole group. */
  spokeAt: number;
  /** The answer about to be sent to the group; queries that arrive meanwhile are added to it. */
  waiting: Answer | null;
  /** Unicast answers in the second that began at `from`. */
  unicast: { from: number; count: number };
}

const REFRESH_MS = 60_000;
const SECOND_MS = 1000;
/** A random delay, so that not all machines answer at once. */
const SPREAD_MS = { least: 20, most: 120 };
/** More than the people on a network need; limits what a forged sender can trigger. */
const MAX_UNICAST = 20;
/** Seconds. The standard's value for a querier that keeps no cache. */
const LEGACY_TTL = 10;

export function createAnnouncer({ clock, open, agent, interfaces, log }: AnnouncerOptions): Announcer {
  const joined = new Map<string, Joined>();
  const refused = new Map<string, string>();
  let stopped = false;
  let timer: Timer | null = null;
  let refreshing: Promise<void> | null = null;

  function later(one: Joined, ms: number, run: () => void): void {
    const own = clock.timer(ms, () => {
      one.timers.delete(own);
      run();
    });
    one.timers.add(own);
  }

  function send(one: Joined, bytes: Uint8Array, port = MDNS_PORT, address = MDNS_ADDRESS): void {
    // When a network disappears, the send fails; the next check notices.
    one.socket.send(bytes, port, address).catch(() => {});
  }

  function announce(one: Joined, address: string): void {
    one.spokeAt = clock.monotonic();
    send(one, encodeResponse({ answers: allRecords(agent, address) }));
  }

  function answer(
    one: Joined,
    own: NetworkInterface,
    bytes: Uint8Array,
    from: { address: string; port: number },
  ) {
    // Each socket also receives what arrives on the others, and a router may forward what it should not.
    if (!sameNetwork(from.address, own.address, own.netmask)) return;
    const message = decodeMessage(bytes);
    const answer = message && answerTo(message, agent, own.address);
    if (message === null || answer === null) return;
    if (from.port !== MDNS_PORT) {
      const plain = (list: typeof answer.answers) =>
        list.map((record) => ({ ...record, unique: false, ttl: Math.min(record.ttl, LEGACY_TTL) }));
      const { id, questions } = message;
      if (!mayUnicast(one)) return;
      const answers = plain(answer.answers);
      const reply = encodeResponse({ id, questions, answers, additionals: plain(answer.additionals) });
      send(one, reply, from.port, from.address);
      return;
    }
    if (message.questions.every(({ unicast }) => unicast)) {
      if (mayUnicast(one)) send(one, encodeResponse(answer), MDNS_PORT, from.address);
      return;
    }
    if (one.waiting !== null) {
      one.waiting = merge(one.waiting, answer);
      return;
    }
    one.waiting = answer;
    const spread = SPREAD_MS.least + Math.random() * (SPREAD_MS.most - SPREAD_MS.least);
    const rest = Math.max(0, one.spokeAt + SECOND_MS - clock.monotonic());
    later(one, rest + spread, () => {
      const answers = one.waiting ?? answer;
      one.waiting = null;
      one.spokeAt = clock.monotonic();
      send(one, encodeResponse(answers));
    });
  }

  function mayUnicast(one: Joined): boolean {
    const now = clock.monotonic();
    if (now - one.unicast.from >= SECOND_MS) one.unicast = { from: now, count: 0 };
    one.unicast.count += 1;
    return one.unicast.count <= MAX_UNICAST;
  }

  function leave(address: string, one: Joined): void {
    joined.delete(address);
    for (const own of one.timers) own.cancel();
    one.socket.close();
  }

  async function join(own: NetworkInterface): Promise<void> {
    let one: Joined | null = null;
    try {
      const socket = await open({
        interfaceAddress: own.address,
        listen: 'group',
        onMessage(bytes, from) {
          if (one !== null) answer(one, own, bytes, from);
        },
        onError() {
          if (one !== null) leave(own.address, one);
        },
      });
      if (stopped) {
        socket.close();
        return;
      }
      const fresh: Joined = {
        socket,
        timers: new Set(),
        spokeAt: 0,
        waiting: null,
        unicast: { from: 0, count: 0 },
      };
      one = fresh;
      joined.set(own.address, fresh);
      refused.delete(own.address);
      // Sent twice, as the standard says: the first packet may be lost.
      announce(fresh, own.address);
      later(fresh, SECOND_MS, () => announce(fresh, own.address));
    } catch (error) {
      const problem = errorText(error);
      if (refused.get(own.address) !== problem) log(`announce: not on ${own.address}: ${problem}`);
      refused.set(own.address, problem);
    }
  }

  async function refreshOnce(): Promise<void> {
    timer?.cancel();
    const now = interfaces();
    for (const [address, one] of joined) {
      if (!now.some((own) => own.address === address)) leave(address, one);
    }
    await Promise.all(now.filter((own) => !joined.has(own.address)).map(join));
    if (!stopped) timer = clock.timer(REFRESH_MS, () => void refresh());
  }

  function refresh(): Promise<void> {
    refreshing ??= refreshOnce().finally(() => {
      refreshing = null;
    });
    return refreshing;
  }

  return {
    refresh,
    stop() {
      stopped = true;
      timer?.cancel();
      for (const [address, { socket, timers }] of joined) {
        for (const own of timers) own.cancel();
        const withdrawn = allRecords(agent, address).map((record) => ({ ...record, ttl: 0 }));
        socket
          .send(encodeResponse({ answers: withdrawn }), MDNS_PORT, MDNS_ADDRESS)
          .catch(() => {})
          .finally(socket.close);
      }
      joined.clear();
    },
  };
}

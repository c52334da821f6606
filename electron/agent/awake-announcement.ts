/** Announces to panels with a hello address that this machine is awake, so that they need not poll it. */
import { createHmac, randomBytes } from 'node:crypto';
import { type HelloMessage, helloProofText } from '../../shared/contract/agent/hello.ts';
import type { Clock } from '../adapters/agent-host/types.ts';
import { errorText } from './errors.ts';

/** Sends JSON; resolves with the response status without reading the body. Rejects if there is no response. */
export type Post = (url: string, body: object, signal: AbortSignal) => Promise<number>;

export interface AwakeAnnouncement {
  /** Announces to every panel independently; aborts an announcement in progress. */
  send(): void;
  stop(): void;
}

export interface AwakeAnnouncementOptions {
  clock: Clock;
  post: Post;
  agent: string;
  bootId: string;
  token: string;
  /** Each address once. */
  urls(): readonly string[];
  log(message: string): void;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;
const GIVE_UP_MS = 2 * 60_000;
const DEADLINE_MS = 5000;

export function helloProof(token: string, signed: Omit<HelloMessage, 'proof'>): string {
  return createHmac('sha256', token).update(helloProofText(signed)).digest('hex');
}

export function createAwakeAnnouncement({
  clock,
  post,
  agent,
  bootId,
  token,
  urls,
  log,
}: AwakeAnnouncementOptions): AwakeAnnouncement {
  let round = new AbortController();

  function message(): HelloMessage {
    const signed = { agent, bootId, nonce: randomBytes(16).toString('hex') };
    return { ...signed, proof: helloProof(token, signed) };
  }

  async function announceTo(url: string, signal: AbortSignal): Promise<void> {
    const began = clock.monotonic();
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(LONGEST_WAIT_MS, wait * 2)) {
      const outcome = await tryOnce(url, signal);
      if (signal.aborted) return;
      if (outcome.isFinal) {
        log(`announcement: ${url} ${outcome.result}`);
        return;
      }
      if (clock.monotonic() + wait - began > GIVE_UP_MS) {
        log(`announcement: ${url} does not answer (${outcome.result})`);
        return;
      }
      await clock.sleep(wait, signal).catch(() => {});
      if (signal.aborted) return;
    }
  }

  async function tryOnce(url: string, signal: AbortSignal): Promise<{ isFinal: boolean; result: string }> {
    const limit = new AbortController();
    const stop = () => limit.abort();
    const timer = clock.timer(DEADLINE_MS, stop);
    signal.addEventListener('abort', stop, { once: true });
    try {
      const status = await post(url, message(), limit.signal);
      if (status < 300) return { isFinal: true, result: 'accepted the announcement' };
      // The panel refuses it: a retry would change nothing.
      return { isFinal: status < 500 && status !== 429, result: `answered ${status}` };
    } catch (error) {
      return { isFinal: false, result: limit.signal.aborted ? 'no answer in time' : errorText(error) };
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', stop);
    }
  }

  return {
    send() {
      round.abort();
      round = new AbortController();
      for (const url of new Set(urls())) void announceTo(url, round.signal);
    },
    stop: () => round.abort(),
  };
}

/** Announces to panels with a hello address that this machine is awake, so that they need not poll it. */
import { createHmac, randomBytes } from 'node:crypto';
import { type HelloMessage, helloProofText } from '../../shared/contract/agent/hello.ts';
import type { Clock } from '../adapters/agent-host/types.ts';
import { wordsOf } from './errors.ts';

/** Sends JSON; resolves with the response status without reading the body. Rejects if there is no response. */
export type Post = (url: string, body: object, signal: AbortSignal) => Promise<number>;

export interface Hello {
  /** Announces to every panel independently; aborts an announcement in progress. */
  say(): void;
  stop(): void;
}

export interface HelloOptions {
  clock: Clock;
  post: Post;
  agent: string;
  bootId: string;
  token: string;
  /** Each address once. */
  urls(): readonly string[];
  say(message: string): void;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;
const GIVE_UP_MS = 2 * 60_000;
const DEADLINE_MS = 5000;

export function helloProof(token: string, signed: Omit<HelloMessage, 'proof'>): string {
  return createHmac('sha256', token).update(helloProofText(signed)).digest('hex');
}

export function createHello({ clock, post, agent, bootId, token, urls, say }: HelloOptions): Hello {
  let round = new AbortController();

  function message(): HelloMessage {
    const words = { agent, bootId, nonce: randomBytes(16).toString('hex') };
    return { ...words, proof: helloProof(token, words) };
  }

  async function sayTo(url: string, signal: AbortSignal): Promise<void> {
    const began = clock.monotonic();
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(LONGEST_WAIT_MS, wait * 2)) {
      const outcome = await sayOnce(url, signal);
      if (signal.aborted) return;
      if (outcome.over) {
        say(`hello: ${url} ${outcome.words}`);
        return;
      }
      if (clock.monotonic() + wait - began > GIVE_UP_MS) {
        say(`hello: ${url} does not answer (${outcome.words})`);
        return;
      }
      await clock.sleep(wait, signal).catch(() => {});
      if (signal.aborted) return;
    }
  }

  async function sayOnce(url: string, signal: AbortSignal): Promise<{ over: boolean; words: string }> {
    const limit = new AbortController();
    const stop = () => limit.abort();
    const timer = clock.timer(DEADLINE_MS, stop);
    signal.addEventListener('abort', stop, { once: true });
    try {
      const status = await post(url, message(), limit.signal);
      if (status < 300) return { over: true, words: 'accepted the announcement' };
      // The panel refuses it: a retry would change nothing.
      return { over: status < 500 && status !== 429, words: `answered ${status}` };
    } catch (error) {
      return { over: false, words: limit.signal.aborted ? 'no answer in time' : wordsOf(error) };
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', stop);
    }
  }

  return {
    say() {
      round.abort();
      round = new AbortController();
      for (const url of new Set(urls())) void sayTo(url, round.signal);
    },
    stop: () => round.abort(),
  };
}

/** What a runner last said of itself: whether it serves, and which graphs of Immich's folder it has. */
import { ask } from './ask.ts';

export interface WatchedRunner {
  serves(): boolean;
  gpu(): boolean;
  /** null if it never said. */
  graphs(): readonly string[] | null;
  /** One at a time. Never rejects. */
  probe(): Promise<void>;
  /** It did not answer. */
  lost(): void;
}

/** `address`: null while there is none. */
export function createWatchedRunner({
  address,
  onChange,
}: {
  address(): { url: string; token: string } | null;
  onChange(): void;
}): WatchedRunner {
  let serves = false;
  let gpu = false;
  let graphs: readonly string[] | null = null;
  let probing: Promise<void> | null = null;

  function note(now: boolean): void {
    if (serves === now) return;
    serves = now;
    onChange();
  }

  async function probeOnce(): Promise<void> {
    const to = address();
    if (to === null) return note(false);
    try {
      const { ready, immich, provider } = Object(await ask(to, 'GET', '/runner/status'));
      if (Array.isArray(immich)) graphs = immich.filter((graph) => typeof graph === 'string');
      gpu = typeof provider === 'string' && provider !== 'cpu';
      note(ready === true);
    } catch {
      note(false);
    }
  }

  return {
    serves: () => serves,
    gpu: () => gpu,
    graphs: () => graphs,
    probe() {
      probing ??= probeOnce().finally(() => {
        probing = null;
      });
      return probing;
    },
    lost: () => note(false),
  };
}

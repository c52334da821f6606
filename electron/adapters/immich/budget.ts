/** Memory for the bodies of requests. Those that don't fit wait in turn before they are received. */
import { refused } from './refusals.ts';

export interface BodyBudget {
  /** Resolves when there is room. Rejects with IMMICH_DOOR_FULL if too many wait, or with the signal's reason. */
  take(bytes: number, signal: AbortSignal): Promise<Disposable>;
  /** Taken now. */
  readonly bytes: number;
}

interface Waiting {
  bytes: number;
  enter(): void;
}

/** Such as texts: they never wait behind pictures. The number of connections limits them. */
export const SMALL_BYTES = 64 * 1024;

export function createBodyBudget({
  limit,
  mostWaiting,
}: {
  limit(): number;
  mostWaiting: number;
}): BodyBudget {
  const queue: Waiting[] = [];
  let taken = 0;

  function room(bytes: number): Disposable {
    taken += bytes;
    let isOver = false;
    return {
      [Symbol.dispose]() {
        if (isOver) return;
        isOver = true;
        taken -= bytes;
        admit();
      },
    };
  }

  /** One that is larger than everything may come alone. */
  const fits = (bytes: number) => taken === 0 || taken + bytes <= limit();

  function admit(): void {
    for (let first = queue[0]; first !== undefined && fits(first.bytes); first = queue[0]) {
      queue.shift();
      first.enter();
    }
  }

  return {
    get bytes() {
      return taken;
    },
    async take(bytes, signal) {
      signal.throwIfAborted();
      if (bytes <= SMALL_BYTES) return { [Symbol.dispose]() {} };
      if (queue.length === 0 && fits(bytes)) return room(bytes);
      if (queue.length >= mostWaiting) throw refused('IMMICH_DOOR_FULL');
      return new Promise<Disposable>((resolve, reject) => {
        const waiting: Waiting = {
          bytes,
          enter() {
            signal.removeEventListener('abort', leave);
            resolve(room(bytes));
          },
        };
        function leave(): void {
          const place = queue.indexOf(waiting);
          if (place >= 0) queue.splice(place, 1);
          reject(signal.reason);
          admit();
        }
        signal.addEventListener('abort', leave, { once: true });
        queue.push(waiting);
      });
    },
  };
}

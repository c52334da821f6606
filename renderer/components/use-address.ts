/** The one place that reads and writes the address of the page: what a link, a reload and Back bring back. */
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { keepOthers } from './hash.ts';

/** Browsers refuse more than about a hundred changes of the address in half a minute. */
const quietMs = 350;

/** What is in the address in a moment; `from` is what it replaces. */
let waiting: { from: string; hash: string; timer: ReturnType<typeof setTimeout> } | null = null;
const listeners = new Set<() => void>();

/** The address as the page shows it, also while it is being typed. */
const seenHash = (): string =>
  waiting !== null && waiting.from === location.hash ? waiting.hash : location.hash;

function drop(): void {
  clearTimeout(waiting?.timer);
  waiting = null;
}

function write(hash: string): void {
  drop();
  const from = location.hash;
  const timer = setTimeout(() => {
    // A page that was opened meanwhile keeps its own address.
    if (location.hash === from) history.replaceState(history.state, '', hash);
    waiting = null;
  }, quietMs);
  waiting = { from, hash, timer };
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  const onNavigation = () => {
    if (waiting !== null && waiting.from !== location.hash) drop();
    listener();
  };
  addEventListener('hashchange', onNavigation);
  listeners.add(listener);
  return () => {
    removeEventListener('hashchange', onNavigation);
    listeners.delete(listener);
  };
}

/** What is read from the address, a primitive value. */
export const useHash = <Value extends string | null>(read: (hash: string) => Value): Value =>
  useSyncExternalStore(subscribe, () => read(seenHash()));

export interface AddressOf<Address> {
  address: Address;
  /** Replaces it, in the address a little later. */
  change(patch: Partial<Address>): void;
  /** Adds an entry to the history of the browser, so that Back undoes it. */
  go(patch: Partial<Address>): void;
  /** The same, but it is no navigation: nothing closes and the focus stays. The entry is marked. */
  push(patch: Partial<Address>, mark: string): void;
}

/**
 * The part of the address that a page or a part of it owns. Fields of other parts stay as they are.
 * @param read what the hash says; it has to ignore what it does not know
 * @param hashOf the hash of this part alone, of the page that is open
 */
export function useAddress<Address>(
  read: (hash: string) => Address,
  hashOf: (address: Address, page: string) => string,
): AddressOf<Address> {
  const own = useHash((hash) => hashOf(read(hash), hash));
  const address = useMemo(() => read(own), [read, own]);

  const next = useCallback(
    (patch: Partial<Address>) => {
      const before = seenHash();
      const now = read(before);
      return keepOthers(before, hashOf(now, before), hashOf({ ...now, ...patch }, before));
    },
    [read, hashOf],
  );
  const change = useCallback((patch: Partial<Address>) => write(next(patch)), [next]);
  const go = useCallback(
    (patch: Partial<Address>) => {
      const hash = next(patch);
      drop();
      location.hash = hash;
    },
    [next],
  );
  const push = useCallback(
    (patch: Partial<Address>, mark: string) => {
      const hash = next(patch);
      drop();
      history.pushState(mark, '', hash);
      for (const listener of [...listeners]) listener();
    },
    [next],
  );
  return { address, change, go, push };
}

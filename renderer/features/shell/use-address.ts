import { useCallback, useEffect, useRef, useState } from 'react';
import { keepPeriod } from '../../charts/period.ts';

/** Browsers refuse more than about a hundred changes of the address in half a minute. */
const quietMs = 350;

/**
 * The state of a page that is kept in the address, apart from the period of its charts. `change` replaces it, a little later; `go` adds an entry, so that Back
 * undoes it.
 */
export function useAddress<Address>(
  read: (hash: string) => Address,
  hashOf: (address: Address) => string,
): { address: Address; change(patch: Partial<Address>): void; go(patch: Partial<Address>): void } {
  const [address, setAddress] = useState(() => read(location.hash));
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => {
    const onChange = () => {
      clearTimeout(waiting.current);
      setAddress(read(location.hash));
    };
    addEventListener('hashchange', onChange);
    return () => {
      removeEventListener('hashchange', onChange);
      clearTimeout(waiting.current);
    };
  }, [read]);

  const change = useCallback(
    (patch: Partial<Address>) => {
      const next = { ...address, ...patch };
      setAddress(next);
      clearTimeout(waiting.current);
      waiting.current = setTimeout(
        () => history.replaceState(history.state, '', keepPeriod(location.hash, hashOf(next))),
        quietMs,
      );
    },
    [address, hashOf],
  );

  const go = useCallback(
    (patch: Partial<Address>) => {
      clearTimeout(waiting.current);
      location.hash = keepPeriod(location.hash, hashOf({ ...address, ...patch }));
    },
    [address, hashOf],
  );

  return { address, change, go };
}

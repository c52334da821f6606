import { useCallback, useEffect, useRef, useState } from 'react';
import { addressHash, type RequestsAddress, readAddress } from './filter.ts';

/** Browsers refuse more than about a hundred changes of the address in half a minute. */
const quietMs = 350;

/**
 * The filters, the charts and the open request, kept in the address. Changes replace it, a little later; opening a
 * request adds an entry, so that Back closes it.
 */
export function useRequestsAddress(): {
  address: RequestsAddress;
  change(patch: Partial<Omit<RequestsAddress, 'requestId'>>): void;
  open(requestId: string | null): void;
} {
  const [address, setAddress] = useState(() => readAddress(location.hash));
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => {
    const onChange = () => {
      clearTimeout(waiting.current);
      setAddress(readAddress(location.hash));
    };
    addEventListener('hashchange', onChange);
    return () => {
      removeEventListener('hashchange', onChange);
      clearTimeout(waiting.current);
    };
  }, []);

  const change = useCallback(
    (patch: Partial<RequestsAddress>) => {
      const next = { ...address, ...patch };
      setAddress(next);
      clearTimeout(waiting.current);
      waiting.current = setTimeout(() => history.replaceState(null, '', addressHash(next)), quietMs);
    },
    [address],
  );

  const open = useCallback(
    (requestId: string | null) => {
      clearTimeout(waiting.current);
      location.hash = addressHash({ ...address, requestId });
    },
    [address],
  );

  return { address, change, open };
}

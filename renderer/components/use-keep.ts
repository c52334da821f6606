import { useEffect } from 'react';
import type { StreamName } from '../../shared/contract/streams.ts';
import { client } from '../client/index.ts';
import type { StreamStore } from '../stores/keyed.ts';

/** Keeps a stream open while this component is mounted. */
export function useKeep<Name extends StreamName>(store: StreamStore<Name>): void {
  useEffect(() => store.keep(client), [store]);
}

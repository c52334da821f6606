import { useCallback, useEffect, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { TaskMedia } from '../../../shared/models/tasks.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';

export type KnownMedia =
  | { state: 'loading' }
  | { state: 'ready'; media: TaskMedia }
  | { state: 'failed'; error: WireError };

/** The file from which a stored text was made. `renew` asks again: an address is valid for some minutes only. */
export function useTaskMedia(taskId: string): { known: KnownMedia; renew(): void } {
  const [known, setKnown] = useState<KnownMedia & { of?: string }>({ state: 'loading' });
  const [asked, setAsked] = useState(0);
  const renew = useCallback(() => setAsked((before) => before + 1), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `asked` is a reason to ask again.
  useEffect(() => {
    const abort = new AbortController();
    client.call('tasks.media', { id: taskId }, { signal: abort.signal }).then(
      (media) => setKnown({ of: taskId, state: 'ready', media }),
      (error: unknown) => {
        if (!abort.signal.aborted) setKnown({ of: taskId, state: 'failed', error: toWireError(error) });
      },
    );
    return () => abort.abort();
  }, [taskId, asked]);
  return { known: known.of === taskId ? known : { state: 'loading' }, renew };
}

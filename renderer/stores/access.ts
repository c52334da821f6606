import { useMemo } from 'react';
import type { CredentialView } from '../../shared/models/access.ts';
import { createStreamStore } from './keyed.ts';

export const accessStore = createStreamStore('access');

const byAge = (one: CredentialView, other: CredentialView) => one.createdAt - other.createdAt;

/** Keys and sessions, oldest first; null while they are loading. */
export function useCredentials(): { keys: CredentialView[]; sessions: CredentialView[] } | null {
  const { ready, entries } = accessStore.use();
  return useMemo(() => {
    if (!ready) return null;
    const all = Object.values(entries).sort(byAge);
    return {
      keys: all.filter(({ kind }) => kind !== 'session'),
      sessions: all.filter(({ kind }) => kind === 'session'),
    };
  }, [ready, entries]);
}

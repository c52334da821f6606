/** What is open with each credential, so that it is closed at once when the credential ends. */

export interface OpenUses {
  /** Calls `end` when the credential ends; returns what lets go of it. */
  hold(credentialId: string | null, end: () => void): () => void;
  endAll(credentialId: string): void;
}

export function createOpenUses(): OpenUses {
  const uses = new Map<string, Set<() => void>>();
  return {
    hold(credentialId, end) {
      if (credentialId === null) return () => {};
      const open = uses.get(credentialId) ?? new Set();
      uses.set(credentialId, open);
      open.add(end);
      return () => {
        open.delete(end);
        if (open.size === 0 && uses.get(credentialId) === open) uses.delete(credentialId);
      };
    },
    endAll(credentialId) {
      const open = uses.get(credentialId);
      uses.delete(credentialId);
      for (const end of open ?? []) end();
    },
  };
}

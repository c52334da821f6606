import { useState } from 'react';
import type { WireError } from '../../shared/contract/errors.ts';
import { toWireError } from '../client/errors.ts';
import { toastDone, toastError } from '../stores/toasts.ts';
import { Button } from './button.tsx';
import { Problem } from './problem.tsx';

/** An action that is refused while somebody else uses what it ends, and that a person may carry out anyway. */
export function useAnyway(act: (anyway: boolean) => Promise<unknown>, done: string) {
  const [refused, setRefused] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);
  async function run(anyway: boolean): Promise<void> {
    setBusy(true);
    try {
      await act(anyway);
      setRefused(null);
      toastDone(done);
    } catch (error) {
      const wire = toWireError(error);
      if (wire.code === 'IN_USE' && !anyway) setRefused(wire);
      else toastError(error);
    } finally {
      setBusy(false);
    }
  }
  return { refused, busy, run: () => run(false), anyway: () => run(true), cancel: () => setRefused(null) };
}

/** Why it was refused, with the button that does it anyway. */
export function Anyway({
  label,
  action: { refused, busy, anyway, cancel },
}: {
  label: string;
  action: ReturnType<typeof useAnyway>;
}) {
  if (refused === null) return null;
  return (
    <Problem compact message={refused.message} next={refused.next} code={refused.code}>
      <Button size="small" busy={busy} onClick={anyway}>
        {label}
      </Button>
      <Button size="small" onClick={cancel}>
        Cancel
      </Button>
    </Problem>
  );
}

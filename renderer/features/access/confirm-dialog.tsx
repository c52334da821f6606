import { useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import { toWireError } from '../../client/errors.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Problem } from '../../components/problem.tsx';

/** Asks before something that cannot be undone; stays open with the reason if it fails. */
export function ConfirmDialog({
  title,
  about,
  action,
  dismiss = 'Cancel',
  run,
  onClose,
}: {
  title: string;
  about: string;
  /** The verb on the button. */
  action: string;
  /** The other button, where “Cancel” could mean the action itself. */
  dismiss?: string;
  run(): Promise<void>;
  onClose(): void;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<WireError | null>(null);

  async function confirm(): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      await run();
      onClose();
    } catch (failure) {
      setError(toWireError(failure));
      setBusy(false);
    }
  }

  return (
    <Dialog title={title} description={about} onClose={onClose}>
      <div className="grid gap-3">
        {error && <Problem {...error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{dismiss}</Button>
          <Button tone="danger" busy={busy} onClick={() => void confirm()}>
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

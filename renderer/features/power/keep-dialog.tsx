import { type FormEvent, useState } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { useChanged } from '../../components/unsaved.ts';
import { toastDone } from '../../stores/toasts.ts';
import { formatUntil, nextClock } from './power-text.ts';

/** Keeps a machine awake until a time of day, for an optional reason. */
export function KeepDialog({ node, onClose }: { node: Pick<NodeView, 'id' | 'name'>; onClose(): void }) {
  const [time, setTime] = useState('');
  const [purpose, setPurpose] = useState('');
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const unsaved = useChanged([time, purpose]);
  const now = Date.now();
  const until = nextClock(time, now);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (until === null) {
      setError('Enter a time, for example 23:30.');
      return;
    }
    setBusy(true);
    try {
      await client.call('power.keepAwake', {
        nodeId: node.id,
        until,
        ...(purpose.trim() === '' ? {} : { purpose: purpose.trim() }),
      });
      toastDone(`${node.name} stays awake until ${formatUntil(until, now)}`);
      onClose();
    } catch (failure) {
      const { message, next } = toWireError(failure);
      setError(`${message} ${next}`);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog title={`Keep ${node.name} awake`} unsaved={unsaved} onClose={onClose}>
      <form onSubmit={submit} noValidate className="grid gap-3">
        <TextField
          label="Until"
          type="time"
          required
          value={time}
          error={error}
          hint={until === null ? 'For example 23:30' : `That is ${formatUntil(until, now)}`}
          onChange={(event) => {
            setTime(event.target.value);
            setError(undefined);
          }}
        />
        <TextField
          label="Reason"
          hint="Shown to anyone who checks why it is on, for example: a game"
          optional
          maxLength={200}
          value={purpose}
          onChange={(event) => setPurpose(event.target.value)}
        />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={busy}>
            {' '}
            Keep awake{' '}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

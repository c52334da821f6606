import { type FormEvent, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { byHand, withFound } from './draft.ts';
import { LookFor } from './look-for.tsx';
import type { StepProps } from './step.ts';

/** The address of the machine, or a look for machines on the networks that the person ticks. */
export function WhereStep({ draft, update, back }: StepProps) {
  const [error, setError] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setError(null);
    if (draft.address.trim() === '') {
      setError({
        code: 'BAD_URL',
        message: 'Write its address or its name,',
        next: 'like 192.168.1.20 or http://192.168.1.20:11434.',
      });
      return;
    }
    setBusy(true);
    try {
      const found = await client.call('discovery.inspect', { address: draft.address });
      update((before) => ({ ...withFound(before, found), step: 'agent' }));
    } catch (failure) {
      setError(toWireError(failure));
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <form onSubmit={submit} noValidate className="grid gap-3">
        <TextField
          label="Address or name"
          hint="Like 192.168.1.20. Pilotlight asks it once what runs there."
          mono
          inputMode="url"
          required
          value={draft.address}
          error={error ? `${error.message} ${error.next}` : undefined}
          onChange={(event) => {
            const address = event.target.value;
            update((before) => ({ ...before, address }));
            setError(null);
          }}
        />
        <div className="flex flex-wrap justify-end gap-2">
          {back}
          <Button onClick={() => update(byHand)}>It is off: write it all myself</Button>
          <Button type="submit" tone="primary" busy={busy}>
            {busy ? 'Looking …' : 'Next'}
          </Button>
        </div>
      </form>
      <LookFor
        onChoose={(found) =>
          update((before) => ({ ...withFound(before, found), address: found.address, step: 'agent' }))
        }
      />
    </>
  );
}

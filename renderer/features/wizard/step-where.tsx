import { type FormEvent, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { byHand, withFound } from './draft.ts';
import { FindMachines } from './find-machines.tsx';
import type { StepProps } from './step.ts';

/** The machine’s address, or a search on the networks the user selects. */
export function WhereStep({ draft, update, back }: StepProps) {
  const [error, setError] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setError(null);
    if (draft.address.trim() === '') {
      setError({
        code: 'BAD_URL',
        message: 'Enter its address or name,',
        next: 'for example 192.168.1.20 or http://192.168.1.20:11434.',
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
          hint="For example 192.168.1.20. Pilotlight checks once what runs there."
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
          <Button onClick={() => update(byHand)}>It’s off: enter the details</Button>
          <Button type="submit" tone="primary" busy={busy}>
            {busy ? 'Checking…' : 'Next'}
          </Button>
        </div>
      </form>
      <FindMachines
        onChoose={(found) =>
          update((before) => ({ ...withFound(before, found), address: found.address, step: 'agent' }))
        }
      />
    </>
  );
}

import { type FormEvent, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { KeyKind } from '../../../shared/models/access.ts';
import type { Right } from '../../../shared/rights.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { Problem } from '../../components/problem.tsx';
import { kindTexts, lifetimes, mayHave, usualRights } from './access-text.ts';
import { namedFields } from './named-fields.ts';
import { NewSecret } from './new-secret.tsx';
import { RightsField } from './rights-field.tsx';

/** Generates a key, then shows its secret once. */
export function KeyDialog({ onClose }: { onClose(): void }) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState<KeyKind>('script');
  const [granted, setGranted] = useState<readonly Right[]>(usualRights.script);
  const [days, setDays] = useState<number | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);
  const fields = namedFields(error);

  function choose(next: KeyKind): void {
    setKind(next);
    const unchanged = granted.join() === usualRights[kind].join();
    setGranted(unchanged ? usualRights[next] : granted.filter((right) => mayHave(next, right)));
  }

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const made = await client.call('access.addKey', {
        name: name.trim(),
        kind,
        rights: [...granted],
        expiresInDays: days,
      });
      setSecret(made.secret);
    } catch (failure) {
      setError(toWireError(failure));
    } finally {
      setBusy(false);
    }
  }

  if (secret !== null) {
    return (
      <Dialog title={`Key for ${name.trim()}`} sticky onClose={onClose}>
        <NewSecret secret={secret} onDone={onClose} />
      </Dialog>
    );
  }
  return (
    <Dialog title="Generate a key" onClose={onClose}>
      <form onSubmit={submit} noValidate className="grid gap-3">
        {error && Object.keys(fields).length === 0 && <Problem {...error} />}
        <TextField
          label="Name"
          hint="What uses it, for example: backup script"
          required
          maxLength={60}
          value={name}
          error={fields.name}
          onChange={(event) => {
            setName(event.target.value);
            setError(null);
          }}
        />
        <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
          <SelectField
            label="Used by"
            hint={kindTexts[kind].about}
            value={kind}
            onChange={(event) => choose(event.target.value as KeyKind)}
          >
            {(['script', 'program'] as const).map((one) => (
              <option key={one} value={one}>
                {kindTexts[one].label}
              </option>
            ))}
          </SelectField>
          <SelectField
            label="Expires"
            value={String(days)}
            onChange={({ target }) => setDays(target.value === 'null' ? null : Number(target.value))}
          >
            {lifetimes.map((one) => (
              <option key={one.label} value={String(one.days)}>
                {one.label}
              </option>
            ))}
          </SelectField>
        </div>
        <RightsField kind={kind} granted={granted} error={fields.rights} onChange={setGranted} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            tone="primary"
            busy={busy}
            disabled={name.trim() === '' || granted.length === 0}
          >
            Generate
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

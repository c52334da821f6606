import { type FormEvent, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { KeyKind } from '../../../shared/models/access.ts';
import { allRightsOf, type Right } from '../../../shared/rights.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { Problem } from '../../components/problem.tsx';
import { useChanged } from '../../components/unsaved.ts';
import { kindTexts, lifetimes, mayHave, usualRights } from './access-text.ts';
import { isLimit, limitsOf } from './key-limits.ts';
import { namedFields } from './named-fields.ts';
import { NewSecret } from './new-secret.tsx';
import { RightsField } from './rights-field.tsx';

/** Generates a key, then shows its secret once. */
export function KeyDialog({ onClose }: { onClose(): void }) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState<KeyKind>('script');
  const [granted, setGranted] = useState<readonly Right[]>(usualRights.script);
  const [days, setDays] = useState<number | null>(null);
  const [models, setModels] = useState('');
  const [perMinute, setPerMinute] = useState('');
  const [secret, setSecret] = useState<string | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);
  const unsaved = useChanged([name, kind, granted, days, models, perMinute]);
  const fields = namedFields(error);
  const infers = allRightsOf(granted).has('infer');
  const wrongLimit = infers && perMinute.trim() !== '' && !isLimit(perMinute);

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
        ...(infers ? limitsOf(models, perMinute) : {}),
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
    <Dialog title="Generate a key" unsaved={unsaved} onClose={onClose}>
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
        {infers && (
          <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
            <TextField
              label="Models (optional)"
              hint="Leave empty for all. For example: qwen3, llama3.1:8b, mx*"
              value={models}
              error={fields.models}
              onChange={(event) => {
                setModels(event.target.value);
                setError(null);
              }}
            />
            <TextField
              label="Requests a minute (optional)"
              hint="Leave empty for no limit"
              inputMode="numeric"
              value={perMinute}
              error={wrongLimit ? 'Enter a number from 1 to 100,000.' : fields.requestsPerMinute}
              onChange={(event) => {
                setPerMinute(event.target.value);
                setError(null);
              }}
            />
          </div>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            tone="primary"
            busy={busy}
            disabled={name.trim() === '' || granted.length === 0 || wrongLimit}
          >
            Generate
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

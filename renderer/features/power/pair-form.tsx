import { type FormEvent, type ReactNode, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { fieldErrors, TextField } from '../../components/field.tsx';
import { Problem } from '../../components/problem.tsx';
import { useChanged, useUnsavedPart } from '../../components/unsaved.ts';

export interface Paired {
  url: string;
  version: string | null;
  roles: string[];
}

/** Pairs with an agent by its pairing line, or by its address and six-digit code. */
export function PairForm({
  url: known,
  onPaired,
  children,
}: {
  url: string;
  onPaired(paired: Paired): void | Promise<void>;
  /** Other buttons, before the one that pairs. */
  children?: ReactNode;
}) {
  const [text, setText] = useState('');
  const [url, setUrl] = useState(known);
  const [error, setError] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);
  useUnsavedPart(useChanged([text, url]));
  const isLine = text.trim().includes('://');
  const errors = fieldErrors(error) as Partial<Record<'line' | 'url' | 'code', string>>;
  const ofText = errors.line ?? errors.code;

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const paired = await client.call(
        'agents.pair',
        isLine ? { line: text.trim() } : { url: url.trim(), code: text.trim() },
      );
      await onPaired(paired);
    } catch (failure) {
      setError(toWireError(failure));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form onSubmit={submit} noValidate className="grid gap-3">
      <p className="text-[0.8125rem] text-soft">
        On that machine, run <code className="font-mono text-text">agent.mjs pair</code>. It prints a code and
        a pairing line, both valid for 10 minutes.
      </p>
      {error && !ofText && !errors.url && <Problem compact {...error} />}
      <TextField
        label="Code or pairing line"
        hint="Six digits, or the whole line that starts with pilotlight+agent://"
        mono
        required
        value={text}
        error={ofText && error ? `${ofText} ${error.next}` : undefined}
        onChange={(event) => {
          setText(event.target.value);
          setError(null);
        }}
      />
      {!isLine && (
        <TextField
          label="Agent address"
          hint="For example http://192.168.1.20:8765. A pairing line includes it."
          mono
          inputMode="url"
          value={url}
          error={errors.url && error ? `${errors.url} ${error.next}` : undefined}
          onChange={(event) => {
            setUrl(event.target.value);
            setError(null);
          }}
        />
      )}
      <div className="flex flex-wrap justify-end gap-2">
        {children}
        <Button type="submit" tone="primary" busy={busy} disabled={text.trim() === ''}>
          Pair
        </Button>
      </div>
    </form>
  );
}

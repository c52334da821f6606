import { useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { CredentialView } from '../../../shared/models/access.ts';
import type { GatewayPolicy } from '../../../shared/models/gateway.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';
import { textOf } from '../../texts.ts';
import { Cell } from './list-editor.tsx';

/** Asks the core which of the saved policies applies to a model and a program. */
export function PolicyCheck({
  keys,
  list,
  saved,
}: {
  keys: readonly CredentialView[];
  /** Id of the suggestions. */
  list: string;
  /** Whether nothing is left to save. */
  saved: boolean;
}) {
  const [model, setModel] = useState('');
  const [credentialId, setCredentialId] = useState('');
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<GatewayPolicy | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  const ready = model.trim() !== '' && !busy;

  async function check(): Promise<void> {
    if (!ready) return;
    setBusy(true);
    setError(null);
    setAnswer(null);
    try {
      setAnswer(
        await client.call('gateway.policy', { model: model.trim(), credentialId: credentialId || null }),
      );
    } catch (reason) {
      setError(toWireError(reason));
    } finally {
      setBusy(false);
    }
  }

  const forget = () => {
    setAnswer(null);
    setError(null);
  };
  return (
    <fieldset className="min-w-0 rounded-lg border border-line p-3">
      <legend className="px-1 text-[0.8125rem] font-medium">Which policy applies?</legend>
      <div className="grid items-end gap-3 sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_auto]">
        <Cell label="Requests for model">
          {(props) => (
            <input
              {...props}
              list={list}
              value={model}
              autoComplete="off"
              spellCheck={false}
              onChange={({ target }) => {
                setModel(target.value);
                forget();
              }}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return;
                // Enter would save the settings.
                event.preventDefault();
                void check();
              }}
            />
          )}
        </Cell>
        <Cell label="Sent by">
          {(props) => (
            <select
              {...props}
              value={credentialId}
              onChange={({ target }) => {
                setCredentialId(target.value);
                forget();
              }}
            >
              <option value="">A program without a key</option>
              {keys.map((key) => (
                <option key={key.id} value={key.id}>
                  Key {key.name}
                </option>
              ))}
            </select>
          )}
        </Cell>
        <Button
          className="max-sm:justify-self-start"
          busy={busy}
          disabled={!ready}
          onClick={() => void check()}
        >
          Check
        </Button>
      </div>
      <div role="status" className="text-[0.8125rem]">
        {answer && (
          <div className="mt-2 grid gap-0.5">
            <p>{textOf(answer.reason)}</p>
            {answer.priority !== null && <p className="text-soft">Priority: {answer.priority}</p>}
            {answer.notes.map((note) => (
              <p key={note.code} className="text-soft">
                {textOf(note)}
              </p>
            ))}
          </div>
        )}
        {!saved && (
          <p className="mt-2 text-xs text-faint">Save first: this checks the policies that are saved.</p>
        )}
      </div>
      {error && (
        <div className="mt-2">
          <Problem compact message={error.message} next={error.next} code={error.code} />
        </div>
      )}
    </fieldset>
  );
}

import { FileUp } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { ImportPlan } from '../../../shared/models/transfer.ts';
import { importEntryLabel } from '../../../shared/text/import-entry.ts';
import { decodeTextFile } from '../../../shared/text-file.ts';
import { plural } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Problem } from '../../components/problem.tsx';
import { useChanged } from '../../components/unsaved.ts';
import { toastDone } from '../../stores/toasts.ts';
import { textOf } from '../../texts.ts';
import { actionLabels, countWork, groupPlan, planSentence } from './plan-text.ts';

export type ImportKind = 'document' | 'environment';

const kinds = {
  document: {
    method: 'settings.import',
    title: 'Import settings',
    about: 'Choose a file exported by Pilotlight, or paste its contents.',
    accept: '.json,application/json',
    placeholder: '{ "format": "pilotlight", … }',
  },
  environment: {
    method: 'settings.importEnvironment',
    title: 'Import an environment file',
    about: 'Choose the .env file of an existing server, or paste its contents.',
    accept: '',
    placeholder: 'GPU_OLLAMA_URL=http://192.168.1.20:11434\nGPU_WOL_MAC=AA:BB:CC:DD:EE:FF',
  },
} as const;

/** Choose or paste a file, preview the changes, then apply all of them or none. */
export function ImportDialog({ kind, onClose }: { kind: ImportKind; onClose(): void }) {
  const { method, title, about, accept, placeholder } = kinds[kind];
  const [text, setText] = useState('');
  const [plan, setPlan] = useState<ImportPlan | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);
  const unsaved = useChanged(text);
  const id = useId();

  function change(next: string): void {
    setText(next);
    setPlan(null);
    setError(null);
  }

  async function ask(apply: boolean, what: string): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      const answer = await client.call(method, { text: what, apply });
      if (!answer.applied) {
        setPlan(answer);
        return;
      }
      toastDone(`${plural(countWork(answer), 'change')} imported`);
      onClose();
    } catch (reason) {
      setPlan(null);
      setError(toWireError(reason));
    } finally {
      setBusy(false);
    }
  }

  async function choose(file: File | undefined): Promise<void> {
    if (!file) return;
    const read = await file.arrayBuffer().then(
      (bytes) => decodeTextFile(new Uint8Array(bytes)),
      () => null,
    );
    if (read === null) {
      setError({
        code: 'BAD_IMPORT',
        message: 'The file could not be read as text.',
        next: 'Save it as UTF-8, or paste its contents.',
      });
      return;
    }
    change(read);
    if (read.trim() !== '') await ask(false, read);
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    void ask(plan !== null, text);
  }

  const ready = plan?.possible === true && countWork(plan) > 0;
  return (
    <Dialog title={title} description={about} unsaved={unsaved} onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <label className="relative inline-flex h-9 cursor-pointer items-center gap-2 justify-self-start rounded-lg border border-line-strong bg-surface px-3.5 font-medium hover:border-faint has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-flame">
          <FileUp size={16} aria-hidden="true" /> Choose a file
          <input
            type="file"
            {...(accept === '' ? {} : { accept })}
            className="sr-only"
            onChange={(event) => {
              void choose(event.target.files?.[0]);
              // The same file, corrected, can be chosen again.
              event.target.value = '';
            }}
          />
        </label>
        <div className="grid gap-1">
          <label htmlFor={id} className="font-medium">
            Or paste its contents
          </label>
          <textarea
            id={id}
            rows={plan ? 4 : 9}
            value={text}
            placeholder={placeholder}
            spellCheck={false}
            autoComplete="off"
            maxLength={500_000}
            onChange={(event) => change(event.target.value)}
            className="w-full rounded-lg border border-line-strong bg-ground px-3 py-2 font-mono text-[0.8125rem] hover:border-faint"
          />
        </div>
        {error && (
          <div role="alert">
            <Problem message={error.message} next={error.next} code={error.code} />
          </div>
        )}
        {plan && <Plan plan={plan} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            tone="primary"
            busy={busy}
            disabled={text.trim() === '' || (plan !== null && !ready)}
          >
            {ready ? 'Import' : 'Preview'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Plan({ plan }: { plan: ImportPlan }) {
  return (
    <div className="grid gap-3 rounded-lg border border-line bg-ground p-3 text-[0.8125rem]">
      <p role="status" className={`font-medium ${plan.possible ? '' : 'text-trouble-text'}`}>
        {planSentence(plan)}
      </p>
      {groupPlan(plan).map(({ action, entries }) => (
        <details key={action} open={action !== 'same'}>
          <summary className={`font-medium ${action === 'refuse' ? 'text-trouble-text' : 'text-soft'}`}>
            {actionLabels[action]} ({entries.length})
          </summary>
          <ul className="mt-1 grid gap-1.5">
            {entries.map((entry) => (
              <li key={JSON.stringify(entry)} className="min-w-0 pl-4">
                <p className="font-mono text-xs break-all">{importEntryLabel(entry)}</p>
                <p className="break-words text-soft">{textOf(entry.message)}</p>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </div>
  );
}

import { type FormEvent, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import { BUILTIN_EMBEDDER_ID, embedderId } from '../../../shared/models/embedder-id.ts';
import type { Embedder, SourceView, WhenGpuGone } from '../../../shared/models/indexing.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { FolderField } from '../../components/folder-field.tsx';
import { Problem } from '../../components/problem.tsx';
import { Switch } from '../../components/switch.tsx';
import { useChanged } from '../../components/unsaved.ts';
import { useKeep } from '../../components/use-keep.ts';
import { embeddersStore, selectEmbedders, useEmbedders } from '../../stores/embedders.ts';
import { toastDone } from '../../stores/toasts.ts';
import { textOf } from '../../texts.ts';
import { embedderLabel, nodesText } from './embedder-text.ts';
import { Estimate } from './estimate.tsx';

/** Adds a folder, or edits how one is indexed. */
export function SourceDialog({ source = null, onClose }: { source?: SourceView | null; onClose(): void }) {
  useKeep(embeddersStore);
  const state = useEmbedders();
  const choices = selectEmbedders(state);
  const [path, setPath] = useState(source?.path ?? '');
  const [name, setName] = useState(source?.name ?? '');
  const [chosen, setChosen] = useState(source ? embedderId(source.embedder) : BUILTIN_EMBEDDER_ID);
  const [wake, setWake] = useState(source?.wake ?? true);
  const [whenGpuGone, setWhenGpuGone] = useState<WhenGpuGone>(source?.whenGpuGone ?? 'use-cpu');
  const [ignoreFiles, setIgnoreFiles] = useState(source?.ignoreFiles ?? true);
  const [patterns, setPatterns] = useState(source?.ignorePatterns?.join('\n') ?? '');
  const [error, setError] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);

  const unsaved = useChanged([path, name, chosen, wake, whenGpuGone, ignoreFiles, patterns]);
  const ignorePatterns = patterns.split('\n').filter((line) => line.trim() !== '');
  const choice = choices.find(({ embedder }) => embedderId(embedder) === chosen);
  const ofFleet = chosen !== BUILTIN_EMBEDDER_ID;
  const atPatterns = error?.code === 'BAD_PATTERN';
  const atPath =
    error !== null &&
    !atPatterns &&
    (error.details?.field === 'path' || /FOLDER|ALREADY_EXISTS/.test(error.code));

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const embedder: Embedder = choice?.embedder ?? source?.embedder ?? { kind: 'builtin' };
    const named = name.trim() === '' ? {} : { name: name.trim() };
    setBusy(true);
    setError(null);
    try {
      if (source) {
        const changed = embedderId(embedder) !== embedderId(source.embedder);
        await client.call('index.updateSource', {
          sourceId: source.id,
          ...named,
          ...(changed ? { embedder } : {}),
          wake,
          whenGpuGone,
          ignoreFiles,
          ignorePatterns,
        });
        toastDone(`${name || source.name} saved.`, changed ? 'Rebuild it to use the new embedder.' : '');
      } else {
        const added = await client.call('index.addSource', {
          path: path.trim(),
          ...named,
          embedder,
          wake,
          whenGpuGone,
          ignoreFiles,
          ignorePatterns,
        });
        toastDone(`${added.name} added.`, 'Index it when you are ready.');
      }
      onClose();
    } catch (reason) {
      setError(toWireError(reason));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={source ? `Edit ${source.name}` : 'Add a folder'}
      description="Text is split into passages and indexed. Your files are never changed."
      unsaved={unsaved}
      onClose={onClose}
    >
      <form onSubmit={submit} noValidate className="grid gap-3">
        {error && !atPath && !atPatterns && (
          <Problem message={error.message} next={error.next} code={error.code} />
        )}
        <FolderField
          label="Folder"
          hint="A path on the computer that runs Pilotlight, for example ~/notes"
          isHere
          required
          disabled={source !== null}
          value={path}
          error={atPath && error ? `${error.message} ${error.next}` : undefined}
          onPath={(chosen) => {
            setPath(chosen);
            setError(null);
          }}
        />
        <TextField
          label="Name"
          hint="What to call it"
          optional
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <SelectField
          label="Embedder"
          value={chosen}
          onChange={(event) => setChosen(event.target.value)}
          hint={
            ofFleet
              ? choice
                ? nodesText(choice)
                : 'No known machine has it right now.'
              : 'Matches words and parts of words. Needs no download and no GPU, but does not understand meaning.'
          }
        >
          {!choice && ofFleet && (
            <option value={chosen}>
              {source && source.embedder.kind !== 'builtin' ? embedderLabel(source.embedder) : chosen}
            </option>
          )}
          {choices.length === 0 && !ofFleet && <option value={BUILTIN_EMBEDDER_ID}>Built-in, lexical</option>}
          {choices.map((option) => (
            <option key={embedderId(option.embedder)} value={embedderId(option.embedder)}>
              {textOf(option.label)}
              {option.dimensions ? ` · ${option.dimensions} dimensions` : ''}
            </option>
          ))}
        </SelectField>
        <div className="flex items-center gap-3">
          <label htmlFor="source-ignore-files" className="min-w-0 flex-1">
            <span className="block font-medium">Obey ignore files</span>
            <span className="block text-xs text-faint">
              Leaves out what <code>.gitignore</code> and <code>.pilotlightignore</code> in the folder name.
            </span>
          </label>
          <Switch id="source-ignore-files" on={ignoreFiles} onChange={setIgnoreFiles} />
        </div>
        <div className="grid gap-1">
          <label htmlFor="source-patterns" className="font-medium">
            Leave out <span className="font-normal text-faint">(optional)</span>
          </label>
          <textarea
            id="source-patterns"
            rows={3}
            spellCheck={false}
            value={patterns}
            aria-describedby="source-patterns-hint"
            aria-invalid={atPatterns}
            onChange={(event) => {
              setPatterns(event.target.value);
              setError(null);
            }}
            className="min-h-16 w-full rounded-lg border border-line-strong bg-surface px-3 py-2 font-mono text-[0.8125rem]"
          />
          <p
            id="source-patterns-hint"
            className={`text-xs ${atPatterns ? 'text-trouble-text' : 'text-faint'}`}
          >
            {atPatterns && error
              ? `${String(error.details?.pattern ?? '')}: ${error.message} ${error.next}`
              : 'One pattern a line, as in .gitignore: *.log, drafts/, !keep.log'}
          </p>
        </div>
        {!source && (
          <Estimate
            path={path}
            embedder={choice?.embedder ?? { kind: 'builtin' }}
            ignoreFiles={ignoreFiles}
            ignorePatterns={ignorePatterns}
          />
        )}
        {ofFleet && (
          <fieldset className="grid gap-3 rounded-lg border border-line p-4">
            <legend className="px-1 text-xs text-faint">GPU machine</legend>
            <div className="flex items-center gap-3">
              <label htmlFor="source-wake" className="min-w-0 flex-1">
                <span className="block font-medium">Wake it if it is off</span>
                <span className="block text-xs text-faint">The run waits until it is serving.</span>
              </label>
              <Switch id="source-wake" on={wake} onChange={setWake} />
            </div>
            <SelectField
              label="If it drops out during a run"
              hint="Only machines with exactly this model can take over."
              value={whenGpuGone}
              onChange={(event) => setWhenGpuGone(event.target.value === 'wait' ? 'wait' : 'use-cpu')}
            >
              <option value="use-cpu">Continue on a CPU with the same model</option>
              <option value="wait">Wait until a GPU is back</option>
            </SelectField>
          </fieldset>
        )}
        <div className="mt-1 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={busy} disabled={path.trim() === ''}>
            {source ? 'Save' : 'Add this folder'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

import { FileUp, X } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { TaskView } from '../../../shared/models/tasks.ts';
import { formatBytes, formatPercent, plural } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { SelectField } from '../../components/field.tsx';
import { Progress } from '../../components/meter.tsx';
import { Problem } from '../../components/problem.tsx';
import { Switch } from '../../components/switch.tsx';
import { toastDone } from '../../stores/toasts.ts';
import { typeLabels } from './task-text.ts';
import { uploadFile } from './upload.ts';

type Type = TaskView['contentType'];
type WhenAsleep = 'wake' | 'wait' | 'use-cpu';

/** What was dropped or pasted. */
export interface Draft {
  files: readonly File[];
  /** Addresses or text. */
  text: string;
}

export const noDraft: Draft = { files: [], text: '' };

/** Every line is an address. */
function addressesIn(text: string): string[] | null {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.length > 0 && lines.every((line) => /^https?:\/\/\S+$/i.test(line)) ? lines : null;
}

/** Adds files, addresses or a text, with one switch for the GPU. */
export function AddDialog({
  draft,
  onClose,
  onAdded,
}: {
  draft: Draft;
  onClose(): void;
  onAdded(taskIds: string[]): void;
}) {
  const id = useId();
  const [files, setFiles] = useState(draft.files);
  const [text, setText] = useState(draft.text);
  const [gpu, setGpu] = useState(false);
  const [store, setStore] = useState(true);
  const [type, setType] = useState<Type | 'auto'>('auto');
  const [whenAsleep, setWhenAsleep] = useState<WhenAsleep>('wake');
  const [progress, setProgress] = useState<{ name: string; share: number } | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  const stop = useRef<AbortController | null>(null);
  const chooser = useRef<HTMLInputElement>(null);

  const addresses = addressesIn(text);
  const count = files.length + (text.trim() === '' ? 0 : (addresses?.length ?? 1));

  async function add(): Promise<void> {
    const controller = new AbortController();
    stop.current = controller;
    setError(null);
    const common = {
      gpu,
      store,
      ...(type === 'auto' ? {} : { contentType: type }),
      ...(gpu ? { whenGpuAsleep: whenAsleep } : {}),
    };
    const added: string[] = [];
    try {
      for (const file of files) {
        const report = (bytes: number) =>
          setProgress({ name: file.name, share: file.size === 0 ? 1 : bytes / file.size });
        report(0);
        const fileId = await uploadFile(client, file, report, controller.signal);
        added.push((await client.call('tasks.add', { input: { kind: 'upload', fileId }, ...common })).id);
        // What was added is not added again if a later one fails.
        setFiles((left) => left.filter((one) => one !== file));
      }
      for (const url of addresses ?? []) {
        added.push((await client.call('tasks.add', { input: { kind: 'url', url }, ...common })).id);
        setText((left) =>
          left
            .split('\n')
            .filter((line) => line.trim() !== url)
            .join('\n'),
        );
      }
      if (addresses === null && text.trim() !== '') {
        added.push((await client.call('tasks.add', { input: { kind: 'text', text }, ...common })).id);
      }
      toastDone(`${plural(added.length, 'task')} added`);
      flushSync(onClose);
      onAdded(added);
    } catch (failure) {
      if (!controller.signal.aborted) setError(toWireError(failure));
      if (added.length > 0) toastDone(`${plural(added.length, 'task')} added`);
    } finally {
      stop.current = null;
      setProgress(null);
    }
  }

  return (
    <Dialog
      title="Add a task"
      unsaved={count > 0}
      description="Text is extracted on this computer or a worker, and can be searched afterwards."
      onClose={() => {
        stop.current?.abort();
        onClose();
      }}
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is only a shortcut for the button. */}
        <div
          className="grid gap-2 rounded-xl border border-dashed border-line-strong p-4"
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault();
            const dropped = [...event.dataTransfer.files];
            setFiles((before) => [...before, ...dropped]);
          }}
        >
          <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
            <Button onClick={() => chooser.current?.click()}>
              <FileUp size={16} aria-hidden="true" /> Choose files
            </Button>
            <span className="text-soft">or drop them here</span>
          </div>
          <input
            ref={chooser}
            type="file"
            multiple
            aria-label="Files"
            tabIndex={-1}
            className="sr-only"
            onChange={({ target }) => {
              const chosen = [...(target.files ?? [])];
              setFiles((before) => [...before, ...chosen]);
              target.value = '';
            }}
          />
          {files.length > 0 && (
            <ul className="grid gap-1">
              {files.map((file, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the same file may be chosen twice.
                <li key={index} className="flex items-center gap-2">
                  <span className="min-w-0 flex-1 truncate" title={file.name}>
                    {file.name}
                  </span>
                  <span className="text-xs text-faint">{formatBytes(file.size)}</span>
                  <Button
                    tone="quiet"
                    size="icon"
                    aria-label={`Remove ${file.name}`}
                    onClick={() => setFiles((before) => before.filter((_, at) => at !== index))}
                  >
                    <X size={14} aria-hidden="true" />
                  </Button>
                </li>
              ))}
            </ul>
          )}
        </div>
        <div className="grid gap-1">
          <label htmlFor={`${id}-text`} className="font-medium">
            Addresses or text <span className="font-normal text-faint">(optional)</span>
          </label>
          <textarea
            id={`${id}-text`}
            value={text}
            rows={3}
            maxLength={2_000_000}
            placeholder="https://…"
            onChange={({ target }) => setText(target.value)}
            aria-describedby={`${id}-text-about`}
            className="w-full min-w-0 rounded-lg border border-line-strong bg-ground px-3 py-2 hover:border-faint"
          />
          <p id={`${id}-text-about`} className="text-xs text-faint">
            One address per line, or a text that is kept as it is.
          </p>
        </div>
        <div className="grid gap-3">
          <Toggle
            id={`${id}-gpu`}
            label="Use a GPU"
            about="For pictures, sound and video. Other content uses the CPU queue."
            on={gpu}
            onChange={setGpu}
          />
          {gpu && (
            <SelectField
              label="If every GPU worker sleeps"
              value={whenAsleep}
              onChange={({ target }) => setWhenAsleep(target.value as WhenAsleep)}
            >
              <option value="wake">Wake a machine</option>
              <option value="wait">Wait until one is awake</option>
              <option value="use-cpu">Use the CPU</option>
            </SelectField>
          )}
          <Toggle
            id={`${id}-store`}
            label="Make it searchable"
            about="Its text is kept and indexed. You can delete it later."
            on={store}
            onChange={setStore}
          />
          <SelectField
            label="Type"
            value={type}
            onChange={({ target }) => setType(target.value as Type | 'auto')}
          >
            <option value="auto">By name or address</option>
            {Object.entries(typeLabels).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </SelectField>
        </div>
        {progress && (
          <div className="grid gap-1">
            <p className="truncate text-[0.8125rem] text-soft">Uploading {progress.name}</p>
            <Progress value={progress.share} label="Upload" valueText={formatPercent(progress.share)} />
          </div>
        )}
        {error && <Problem {...error} />}
        <div className="flex justify-end gap-2">
          <Button
            onClick={() => {
              if (stop.current) stop.current.abort();
              else onClose();
            }}
          >
            {progress ? 'Stop' : 'Cancel'}
          </Button>
          <Button tone="primary" type="submit" busy={progress !== null} disabled={count === 0}>
            {count > 1 ? `Add ${count} tasks` : 'Add'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Toggle({
  id,
  label,
  about,
  on,
  onChange,
}: {
  id: string;
  label: string;
  about: string;
  on: boolean;
  onChange(on: boolean): void;
}) {
  return (
    <div className="flex items-start gap-3">
      <div className="min-w-0 flex-1">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        <p className="text-xs text-faint">{about}</p>
      </div>
      <Switch id={id} on={on} onChange={onChange} />
    </div>
  );
}

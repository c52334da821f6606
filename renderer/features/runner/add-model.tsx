import { type FormEvent, useState } from 'react';
import { flushSync } from 'react-dom';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { RunnerView } from '../../../shared/models/runner.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { FolderField } from '../../components/folder-field.tsx';
import { Problem } from '../../components/problem.tsx';
import { useChanged } from '../../components/unsaved.ts';
import { toastDone } from '../../stores/toasts.ts';
import { runnerHref } from '../shell/route.ts';
import { addErrors, nameFromPath } from './model-errors.ts';

/** Adds a model from a folder on the machine of a runner. */
export function AddModel({
  runners,
  asked,
  onClose,
}: {
  runners: readonly RunnerView[];
  asked: string | null;
  onClose(): void;
}) {
  const [nodeId, setNodeId] = useState(asked ?? runners[0]?.nodeId ?? '');
  const [path, setPath] = useState('');
  const [typedName, setTypedName] = useState<string | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);
  const runner = runners.find((one) => one.nodeId === nodeId) ?? null;
  const name = typedName ?? nameFromPath(path);
  const unsaved = useChanged([path, typedName]);
  const fields = addErrors(error);
  const isElsewhere = error !== null && fields.path === undefined && fields.name === undefined;

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await client.call('runner.models.add', { nodeId, path: path.trim(), name: name.trim() });
      toastDone(`${name} added`, 'It is loaded when it is first used.');
      flushSync(onClose);
      location.hash = runnerHref('models');
    } catch (reason) {
      setError(toWireError(reason));
      setBusy(false);
    }
  }

  return (
    <Dialog
      title="Add a model"
      description="A folder with model.onnx (or onnx/model.onnx); for texts also tokenizer.json and config.json; for speech a Whisper model with encoder_model.onnx and its decoder. It is used where it is, not copied."
      unsaved={unsaved}
      onClose={onClose}
    >
      <form onSubmit={submit} noValidate className="grid gap-3">
        {isElsewhere && error && <Problem {...error} />}
        {runners.length > 1 && (
          <SelectField
            label="Runner"
            value={nodeId}
            onChange={(event) => {
              setNodeId(event.target.value);
              setError(null);
            }}
          >
            {runners.map((one) => (
              <option key={one.nodeId} value={one.nodeId}>
                {one.name}
              </option>
            ))}
          </SelectField>
        )}
        <FolderField
          label="Folder"
          isHere={runner === null || runner.from === 'this-computer'}
          hint={
            runner === null || runner.from === 'this-computer'
              ? 'A full path on the computer that runs Pilotlight, for example /home/me/models/minilm'
              : `A full path on ${runner.name}`
          }
          required
          value={path}
          error={fields.path}
          onPath={(chosen) => {
            setPath(chosen);
            setError(null);
          }}
        />
        <TextField
          label="Name"
          hint="Letters, digits, dots, dashes and underscores"
          required
          maxLength={100}
          value={name}
          error={fields.name}
          onChange={(event) => {
            setTypedName(event.target.value);
            setError(null);
          }}
        />
        <div className="mt-1 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            tone="primary"
            busy={busy}
            disabled={path.trim() === '' || name.trim() === ''}
          >
            Add this model
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

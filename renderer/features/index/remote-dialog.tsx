import { type FormEvent, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { RemoteIndexView, RemoteTest } from '../../../shared/models/remote-index.ts';
import { plural } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { fieldErrors, TextField } from '../../components/field.tsx';
import { Problem } from '../../components/problem.tsx';
import { Switch } from '../../components/switch.tsx';
import { useChanged } from '../../components/unsaved.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { toastDone } from '../../stores/toasts.ts';

/** Adds an index on another server, or edits one. */
export function RemoteDialog({
  remote = null,
  onClose,
}: {
  remote?: RemoteIndexView | null;
  onClose(): void;
}) {
  const nodes = useFleet(selectNodes);
  const [url, setUrl] = useState(remote?.url ?? '');
  const [key, setKey] = useState('');
  const [name, setName] = useState(remote?.name ?? '');
  const [vault, setVault] = useState(remote?.vault ?? 'all');
  const [nodeIds, setNodeIds] = useState<readonly string[]>(remote?.nodeIds ?? []);
  const [useGpu, setUseGpu] = useState(remote?.useGpu ?? true);
  const [tested, setTested] = useState<RemoteTest | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  const [busy, setBusy] = useState<'test' | 'save' | null>(null);
  const unsaved = useChanged([url, key, name, vault, nodeIds, useGpu]);
  const running = remote?.run != null;
  const byField: Readonly<Record<string, string>> = fieldErrors(error);
  const newKey = key.trim() === '' ? {} : { key: key.trim() };

  async function attempt(what: 'test' | 'save', work: () => Promise<void>): Promise<void> {
    setBusy(what);
    setError(null);
    setTested(null);
    try {
      await work();
    } catch (reason) {
      setError(toWireError(reason));
    } finally {
      setBusy(null);
    }
  }

  const test = () =>
    attempt('test', async () =>
      setTested(
        await client.call('remoteIndex.test', {
          ...{ url: url.trim(), ...newKey },
          ...(remote ? { remoteId: remote.id } : {}),
        }),
      ),
    );

  function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const named = name.trim() === '' ? {} : { name: name.trim() };
    return attempt('save', async () => {
      const changes = running
        ? {}
        : { url: url.trim(), vault: vault.trim() || 'all', nodeIds: [...nodeIds], useGpu };
      const saved = remote
        ? await client.call('remoteIndex.update', { remoteId: remote.id, ...named, ...newKey, ...changes })
        : await client.call('remoteIndex.add', {
            ...{ ...named, ...newKey, ...changes, url: url.trim() },
          });
      toastDone(`${saved.name} ${remote ? 'saved' : 'added'}.`);
      onClose();
    });
  }

  const toggle = (nodeId: string) =>
    setNodeIds(nodeIds.includes(nodeId) ? nodeIds.filter((one) => one !== nodeId) : [...nodeIds, nodeId]);

  return (
    <Dialog
      title={remote ? `Edit ${remote.name}` : 'Add a remote index'}
      description="A Recall server or another Pilotlight does the indexing. Pilotlight starts it and follows it."
      unsaved={unsaved}
      onClose={onClose}
    >
      <form onSubmit={submit} noValidate className="grid gap-3">
        {error && Object.keys(byField).length === 0 && (
          <Problem message={error.message} next={error.next} code={error.code} />
        )}
        {running && (
          <p className="text-[0.8125rem] text-soft">
            While it runs, only its name and its key can be changed.
          </p>
        )}
        <TextField
          label="Address"
          hint="Under which /index/progress answers, for example http://nas:8000"
          mono
          required
          disabled={running}
          value={url}
          error={byField.url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <TextField
          label="Key"
          type="password"
          optional
          hint={
            remote?.hasKey
              ? 'One is saved. Leave this empty to keep it.'
              : 'Sent as a Bearer token. For another Pilotlight, a key with the right "tasks".'
          }
          value={key}
          error={byField.key}
          onChange={(event) => setKey(event.target.value)}
        />
        <TextField
          label="Name"
          optional
          hint="What to call it"
          maxLength={120}
          value={name}
          error={byField.name}
          onChange={(event) => setName(event.target.value)}
        />
        <TextField
          label="Folder there"
          hint="What the server calls it; all for everything"
          maxLength={200}
          disabled={running}
          value={vault}
          error={byField.vault}
          onChange={(event) => setVault(event.target.value)}
        />
        <fieldset className="grid gap-1 rounded-lg border border-line p-4" disabled={running}>
          <legend className="px-1 text-xs text-faint">Machines that it needs</legend>
          <p className="text-xs text-faint">
            The one that it runs on, or whose GPU it uses. They are woken, and stay awake while it works.
          </p>
          <div className="max-h-40 overflow-y-auto">
            {nodes.map((node) => (
              <label key={node.id} className="flex min-h-8 items-center gap-2 break-words">
                <input
                  type="checkbox"
                  className="size-4 shrink-0 accent-(--flame-fill)"
                  checked={nodeIds.includes(node.id)}
                  onChange={() => toggle(node.id)}
                />
                {node.name}
              </label>
            ))}
          </div>
        </fieldset>
        <div className="flex items-center gap-3">
          <label htmlFor="remote-use-gpu" className="min-w-0 flex-1">
            <span className="block font-medium">Let it use a GPU</span>
            <span className="block text-xs text-faint">It decides itself whether there is one.</span>
          </label>
          <Switch id="remote-use-gpu" on={useGpu} onChange={setUseGpu} disabled={running} />
        </div>
        <p role="status" className="min-h-5 text-[0.8125rem] text-soft">
          {tested &&
            `It answers: ${tested.running ? 'a run is in progress' : 'no run is in progress'}, ${plural(tested.jobs, 'run')} remembered.`}
        </p>
        <div className="flex flex-wrap justify-end gap-2">
          <Button
            className="mr-auto"
            busy={busy === 'test'}
            disabled={url.trim() === ''}
            onClick={() => void test()}
          >
            Test connection
          </Button>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={busy === 'save'} disabled={url.trim() === ''}>
            {remote ? 'Save' : 'Add it'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

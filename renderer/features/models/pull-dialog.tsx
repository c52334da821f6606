import { Download } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { flushSync } from 'react-dom';
import type { WireError } from '../../../shared/contract/errors.ts';
import { modelNameProblem } from '../../../shared/model-name.ts';
import { pullIsOver, pullKey } from '../../../shared/model-pull.ts';
import { hasOllamaTrouble } from '../../../shared/models/ollama-trouble.ts';
import { plural } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { StateGlyph } from '../../components/glyphs.tsx';
import { Problem } from '../../components/problem.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { pullsStore } from '../../stores/pulls.ts';
import { goTo } from '../shell/route.ts';
import { libraryOf, nameError, type TargetChoice, targetChoices } from './pull-text.ts';

/** Chooses a model and the machines that are to have it. Nothing is downloaded before the last button. */
export function PullDialog({
  model: asked = '',
  from = null,
  onClose,
}: {
  /** The name to begin with. */
  model?: string;
  /** The node whose copy the others are to have; the name is fixed then. */
  from?: string | null;
  onClose(): void;
}) {
  useKeep(pullsStore);
  const fleet = useFleet();
  const pulls = pullsStore.use();
  const [model, setModel] = useState(asked);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<{ node: string; error: WireError }[]>([]);

  const nodes = selectNodes(fleet);
  const source = nodes.find(({ id }) => id === from) ?? null;
  const digest = source?.installed.find(({ name }) => name === model)?.digest ?? null;
  const full = model.includes(':', model.lastIndexOf('/') + 1) ? model.trim() : `${model.trim()}:latest`;
  const choices = targetChoices(
    nodes.filter(({ id }) => id !== from),
    full,
    digest,
    (nodeId) => {
      const pull = pulls.entries[pullKey(nodeId, full.toLowerCase())];
      return pull !== undefined && !pullIsOver(pull);
    },
  );
  const targets = choices.filter(({ node, refused }) => refused === null && chosen.has(node.id));
  const known = [...new Set(nodes.flatMap(({ installed }) => installed.map(({ name }) => name)))].toSorted();

  async function start(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    const failures: { node: string; error: WireError }[] = [];
    for (const { node, wakes: wake } of targets) {
      const to = node.id;
      try {
        if (from === null) await client.call('models.pull', { model: model.trim(), nodeId: to, wake });
        else await client.call('models.copy', { model, from, to, wake });
      } catch (reason) {
        failures.push({ node: node.name, error: toWireError(reason) });
      }
    }
    setBusy(false);
    setFailed(failures);
    if (failures.length > 0) return;
    flushSync(onClose);
    goTo('models');
  }

  return (
    <Dialog
      title={source === null ? 'Download a model' : `Copy ${model}`}
      description={
        source === null
          ? 'To one machine or several. Nothing is downloaded before you press the last button.'
          : `Servers do not hand out their files, so each machine downloads it again. At the end its files are compared with those on ${source.name}.`
      }
      unsaved={model !== asked || chosen.size > 0}
      onClose={onClose}
    >
      <form onSubmit={start} noValidate className="grid gap-4">
        {from === null && (
          <>
            <TextField
              label="Model"
              hint="As its library shows it, for example llama3.2:3b or hf.co/TEAM/MODEL:Q4_K_M"
              value={model}
              list="known-models"
              maxLength={300}
              data-begin
              error={nameError(model) ?? undefined}
              onChange={(event) => setModel(event.target.value)}
            />
            <datalist id="known-models">
              {known.map((name) => (
                <option key={name} value={name} />
              ))}
            </datalist>
          </>
        )}
        <Targets choices={choices} chosen={chosen} onChoose={setChosen} />
        {failed.map(({ node, error }) => (
          <Problem key={node} message={`${node}: ${error.message}`} next={error.next} code={error.code} />
        ))}
        <p className="text-xs text-faint">
          {targets.length > 1 ? 'Each machine fetches' : 'The machine fetches'} it from{' '}
          <span className="font-mono">{libraryOf(model)}</span> itself. Nothing about you or your files is
          sent.
        </p>
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            tone="primary"
            busy={busy}
            disabled={targets.length === 0 || modelNameProblem(model) !== null}
          >
            <Download size={16} aria-hidden="true" />
            {targets.length === 0 ? 'Download' : `Download to ${plural(targets.length, 'machine')}`}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Targets({
  choices,
  chosen,
  onChoose,
}: {
  choices: readonly TargetChoice[];
  chosen: ReadonlySet<string>;
  onChoose(chosen: ReadonlySet<string>): void;
}) {
  if (choices.length === 0)
    return <p className="text-soft">No other machine has a server that downloads models.</p>;
  return (
    <fieldset className="grid gap-1">
      <legend className="mb-1 font-medium">To</legend>
      <ul className="max-h-64 divide-y divide-line overflow-y-auto rounded-lg border border-line">
        {choices.map(({ node, about, refused }) => (
          <li key={node.id}>
            <label className="flex min-h-11 items-center gap-3 px-3 py-1.5 has-enabled:hover:bg-raised">
              <input
                type="checkbox"
                className="size-4 shrink-0 accent-(--flame)"
                checked={refused === null && chosen.has(node.id)}
                disabled={refused !== null}
                onChange={(event) => {
                  const next = new Set(chosen);
                  if (event.target.checked) next.add(node.id);
                  else next.delete(node.id);
                  onChoose(next);
                }}
              />
              <StateGlyph state={node.state} lost={hasOllamaTrouble(node)} size={14} />
              <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-3">
                <span className="min-w-0 flex-1 basis-28 break-words">{node.name}</span>
                <span className="text-xs text-faint sm:text-right">{about}</span>
              </span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

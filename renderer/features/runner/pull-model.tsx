import { Check, Download } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { CatalogueModel, RunnerView } from '../../../shared/models/runner.ts';
import { formatBytes } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { SelectField } from '../../components/field.tsx';
import { Loading, Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { runnerHref } from '../shell/route.ts';
import { kindLabels } from './runner-text.ts';

type Answer = { models: readonly CatalogueModel[] } | { error: WireError };

/** Chooses a model of the catalogue, then asks before anything is downloaded. */
export function PullModel({
  runners,
  asked,
  onClose,
}: {
  runners: readonly RunnerView[];
  asked: string | null;
  onClose(): void;
}) {
  const [nodeId, setNodeId] = useState(asked ?? runners[0]?.nodeId ?? '');
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [chosen, setChosen] = useState<CatalogueModel | null>(null);
  const [tries, setTries] = useState(0);
  const runner = runners.find((one) => one.nodeId === nodeId);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another try is a reason to ask again.
  useEffect(() => {
    const abort = new AbortController();
    setAnswer(null);
    client.call('runner.catalogue', { nodeId }, { signal: abort.signal }).then(
      (models) => setAnswer({ models }),
      (error: unknown) => {
        if (!abort.signal.aborted) setAnswer({ error: toWireError(error) });
      },
    );
    return () => abort.abort();
  }, [nodeId, tries]);

  if (chosen) {
    return (
      <Consent
        model={chosen}
        nodeId={nodeId}
        runner={runner?.name ?? nodeId}
        onBack={() => setChosen(null)}
        onClose={onClose}
      />
    );
  }
  return (
    <Dialog
      title="Download a model"
      description="Nothing is downloaded before you have seen its size, licence and source."
      onClose={onClose}
    >
      <div className="grid gap-3">
        {runners.length > 1 && (
          <SelectField label="To" value={nodeId} onChange={(event) => setNodeId(event.target.value)}>
            {runners.map((one) => (
              <option key={one.nodeId} value={one.nodeId}>
                {one.name}
              </option>
            ))}
          </SelectField>
        )}
        {answer === null ? (
          <Loading what="the catalogue">
            <Skeleton className="h-40" />
          </Loading>
        ) : 'error' in answer ? (
          <Problem {...answer.error}>
            <Button size="small" onClick={() => setTries(tries + 1)}>
              Try again
            </Button>
          </Problem>
        ) : (
          <Catalogue models={answer.models} runner={runner} onChoose={setChosen} />
        )}
      </div>
    </Dialog>
  );
}

function Catalogue({
  models,
  runner,
  onChoose,
}: {
  models: readonly CatalogueModel[];
  runner: RunnerView | undefined;
  onChoose(model: CatalogueModel): void;
}) {
  if (models.length === 0) {
    return <p className="text-soft">The catalogue of this runner is empty. Add a model from a folder.</p>;
  }
  const running = new Set(
    runner?.pulls.filter(({ state }) => state === 'running').map(({ name }) => name) ?? [],
  );
  return (
    <ul aria-label="Catalogue" className="divide-y divide-line rounded-lg border border-line">
      {models.map((model) => (
        <li key={model.name} className="flex flex-wrap items-center gap-x-3 gap-y-2 px-3 py-2.5">
          <div className="min-w-0 flex-1 basis-52 text-[0.8125rem]">
            <p className="font-medium [overflow-wrap:anywhere]">{model.name}</p>
            <p className="text-soft">
              {kindLabels[model.kind]} · {formatBytes(model.sizeBytes)} · {model.licence ?? 'licence unknown'}
            </p>
          </div>
          {model.present ? (
            <span className="inline-flex items-center gap-1.5 text-[0.8125rem] text-soft">
              <Check size={14} aria-hidden="true" className="text-flame" /> There already
            </span>
          ) : running.has(model.name) ? (
            <span className="text-[0.8125rem] text-soft">Downloading…</span>
          ) : (
            <Button size="small" onClick={() => onChoose(model)}>
              <Download size={14} aria-hidden="true" /> Download
              <span className="sr-only"> {model.name}</span>
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}

function Consent({
  model,
  nodeId,
  runner,
  onBack,
  onClose,
}: {
  model: CatalogueModel;
  nodeId: string;
  runner: string;
  onBack(): void;
  onClose(): void;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<WireError | null>(null);

  async function start(): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      await client.call('runner.pull', { nodeId, name: model.name });
      location.hash = runnerHref('models');
      onClose();
    } catch (reason) {
      setError(toWireError(reason));
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={`Download ${model.name}?`}
      description={`${runner} fetches it from the internet. Nothing about you or your files is sent.`}
      onClose={onClose}
    >
      <div className="grid gap-4">
        <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 text-[0.8125rem]">
          <Fact name="For" value={kindLabels[model.kind]} />
          <Fact name="Size" value={formatBytes(model.sizeBytes)} />
          <Fact name="Licence" value={model.licence ?? 'unknown'} />
          <Fact name="From" value={model.source ?? 'the usual source of this runner'} />
          <Fact name="To" value={runner} />
        </dl>
        {error && <Problem {...error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onBack}>Back</Button>
          <Button tone="primary" busy={busy} onClick={() => void start()}>
            Download {formatBytes(model.sizeBytes)}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

const Fact = ({ name, value }: { name: string; value: string }) => (
  <>
    <dt className="text-faint">{name}</dt>
    <dd className="min-w-0 break-words">{value}</dd>
  </>
);

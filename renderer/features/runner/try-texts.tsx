import { type FormEvent, useId, useRef, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { RunnerModel, RunnerView } from '../../../shared/models/runner.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';
import { MachineChoice } from './machine-choice.tsx';
import { rungTime } from './runner-text.ts';
import { Similarity } from './similarity.tsx';
import { cosine, workedOn } from './try-logic.ts';

interface Outcome {
  similarity: number | null;
  by: string;
  tookMs: number;
  dimensions: number;
  /** What was compared: the outcome says nothing about other texts. */
  about: string;
}

/** The similarity of two texts by a model. */
export function TryTexts({
  choices,
  asked,
}: {
  choices: readonly { runner: RunnerView; models: readonly RunnerModel[] }[];
  asked: string | null;
}) {
  const id = useId();
  const [chosen, setChosen] = useState(asked);
  const choice = choices.find(({ runner }) => runner.nodeId === chosen) ?? choices[0];
  const [modelName, setModelName] = useState('');
  const model = choice?.models.find(({ name }) => name === modelName) ?? choice?.models[0];
  const [first, setFirst] = useState('A cat is asleep on the sofa.');
  const [second, setSecond] = useState('The kitten is napping on the couch.');
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  const about = JSON.stringify([choice?.runner.nodeId, model?.hash, first, second]);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!choice || !model) return;
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    setBusy(true);
    setError(null);
    try {
      const { nodeId } = choice.runner;
      const request = { nodeId, model: model.name, texts: [first, second], as: 'passage' as const };
      const { vectors, nodes, tookMs, dimensions } = await client.call('runner.embed', request, {
        signal: abort.signal,
      });
      const [one = [], other = []] = vectors;
      const gpu = nodes.length > 0 && nodes.every((node) => node.gpu);
      const by = workedOn(choice.runner, { gpu, model });
      setOutcome({ similarity: cosine(one, other), by, tookMs, dimensions, about });
    } catch (reason) {
      if (!abort.signal.aborted) setError(toWireError(reason));
    } finally {
      if (running.current === abort) setBusy(false);
    }
  }

  if (!choice || !model) return null;
  const ready = choice.runner.state === 'ready';
  const field =
    'mt-1 w-full min-w-0 resize-y rounded-lg border border-line-strong bg-ground px-3 py-2 text-text';
  return (
    <form onSubmit={submit} className="grid gap-4">
      <MachineChoice
        id={`${id}-machine`}
        choices={choices}
        nodeId={choice.runner.nodeId}
        onChange={setChosen}
      >
        <label htmlFor={`${id}-model`} className="flex min-w-0 items-center gap-2 text-soft">
          with
          <select
            id={`${id}-model`}
            value={model.name}
            onChange={(event) => setModelName(event.target.value)}
            className="h-8 max-w-56 min-w-0 rounded-lg border border-line-strong bg-ground px-2 text-text"
          >
            {choice.models.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </MachineChoice>
      <div className="grid gap-3 sm:grid-cols-2">
        <label className="block font-medium">
          First text
          <textarea
            rows={4}
            value={first}
            onChange={(event) => setFirst(event.target.value)}
            className={`${field} font-normal`}
          />
        </label>
        <label className="block font-medium">
          Second text
          <textarea
            rows={4}
            value={second}
            onChange={(event) => setSecond(event.target.value)}
            className={`${field} font-normal`}
          />
        </label>
      </div>
      <div>
        <Button
          type="submit"
          tone="primary"
          busy={busy}
          disabled={!ready || first.trim() === '' || second.trim() === ''}
        >
          Compare
        </Button>
      </div>
      <div role="status" className="min-h-16">
        {outcome && (
          <div className={outcome.about === about ? '' : 'opacity-55'}>
            {outcome.similarity === null ? (
              <p className="text-soft">The vectors of these texts cannot be compared.</p>
            ) : (
              <Similarity value={outcome.similarity} label="Similarity of the two texts" large />
            )}
            <p className="mt-1 text-xs text-faint">
              {outcome.by} · {rungTime(outcome.tookMs)} · {outcome.dimensions} dimensions
              {outcome.about === about ? '' : ' · of the texts before'}
            </p>
          </div>
        )}
      </div>
      {error && <Problem {...error} />}
    </form>
  );
}

import { Check } from 'lucide-react';
import { pullIsOver, pullKey } from '../../../shared/model-pull.ts';
import type { ModelPull } from '../../../shared/models/library.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Progress } from '../../components/meter.tsx';
import { cardClass, Section } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { useAction } from '../../components/use-action.ts';
import { useKeep } from '../../components/use-keep.ts';
import { useFleet } from '../../stores/fleet.ts';
import { pullsStore, selectPulls } from '../../stores/pulls.ts';
import { textOf } from '../../texts.ts';
import { WakeLine } from '../fleet/wake-line.tsx';
import { pullProgress } from './pull-text.ts';

/** Downloads to machines: progress and Cancel while they run, then how they ended. */
export function Downloads() {
  useKeep(pullsStore);
  const state = pullsStore.use();
  const pulls = selectPulls(state);
  if (pulls.length === 0) return null;
  return (
    <Section title="Downloads" className="mb-6">
      <ul className={`${cardClass} divide-y divide-line`}>
        {pulls.map((pull) => (
          <Row key={pullKey(pull.nodeId, pull.model)} pull={pull} />
        ))}
      </ul>
    </Section>
  );
}

function Row({ pull }: { pull: ModelPull }) {
  const { nodeId, model, state, problem, copyOf, sameFiles } = pull;
  const { busy, run } = useAction();
  const node = useFleet(({ entries }) => entries[nodeId]?.name ?? nodeId);
  const from = useFleet(({ entries }) => (copyOf === null ? null : (entries[copyOf]?.name ?? copyOf)));
  const { share, text } = pullProgress(pull);
  const again = () => run(() => client.call('models.pull', { nodeId, model, wake: true }));
  return (
    <li className="grid gap-2 px-4 py-3 text-[0.8125rem]">
      <div className="flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1">
        <p className="min-w-0 flex-1 basis-48">
          <span className="font-medium [overflow-wrap:anywhere]">{model}</span>
          <span className="text-faint">
            {' '}
            to {node}
            {from !== null && `, as on ${from}`}
          </span>
        </p>
        {!pullIsOver(pull) && (
          <>
            <span className="text-soft tabular-nums">
              {state === 'waking' ? `waking ${node}` : state === 'checking' ? 'checking the files' : text}
            </span>
            <Button
              size="small"
              busy={busy}
              onClick={() => run(() => client.call('models.cancelPull', { nodeId, model }))}
            >
              Cancel
              <span className="sr-only">
                {' '}
                the download of {model} to {node}
              </span>
            </Button>
          </>
        )}
        {state === 'done' && (
          <span className="inline-flex items-center gap-1.5 text-soft">
            <Check size={14} aria-hidden="true" className="text-flame" />
            {sameFiles === true ? 'Downloaded, same files' : 'Downloaded'}
          </span>
        )}
        {state === 'cancelled' && (
          <>
            <span className="text-soft">Cancelled. What has arrived is kept.</span>
            <Button size="small" busy={busy} onClick={again}>
              Resume<span className="sr-only"> the download of {model}</span>
            </Button>
          </>
        )}
      </div>
      {state === 'waking' ? (
        <WakeLine nodeId={nodeId} name={node} />
      ) : (
        !pullIsOver(pull) && (
          <Progress value={share} label={`Download of ${model} to ${node}`} valueText={text} />
        )
      )}
      {state === 'done' && sameFiles === false && (
        <p className="text-soft">
          The library has a newer {model} than {from}: the two machines have different files of that name now.
          To make them equal, download it to {from} as well.
        </p>
      )}
      {state === 'failed' && problem && (
        <Problem message={textOf(problem.message)} next={textOf(problem.next)} code={problem.code} compact>
          <Button size="small" busy={busy} onClick={again}>
            Try again<span className="sr-only"> to download {model}</span>
          </Button>
        </Problem>
      )}
    </li>
  );
}

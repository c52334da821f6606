import { ArrowRight } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { MoveRecord, Placement } from '../../../shared/models/placement.ts';
import { formatDuration } from '../../../shared/units.ts';
import { Button } from '../../components/button.tsx';
import { PlacementGlyph } from '../../components/glyphs.tsx';
import { cardClass, Loading, Section, Skeleton } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';
import { useAddress } from '../../components/use-address.ts';
import { useKeep } from '../../components/use-keep.ts';
import { movesStore, selectMoves, useMoves } from '../../stores/moves.ts';
import { textOf } from '../../texts.ts';
import { moveOutcomes, movesHash, readMovesFilter } from './address.ts';
import { Toggle } from './matrix-tools.tsx';

const outcomeLabels = {
  moved: 'moved',
  'already-right': 'already there',
  refused: 'refused',
  failed: 'failed',
};
const byLabels = {
  optimizer: 'optimizer',
  person: 'you',
  job: 'an index job',
  task: 'a task',
  request: 'a request',
};

/** Moves, newest first, each with reason and result. */
export function MovesHistory() {
  useKeep(movesStore);
  const state = useMoves();
  const [shown, setShown] = useState(12);
  const { address, change } = useAddress(readMovesFilter, movesHash);
  const wanted = address.outcome;
  const all = useMemo(() => selectMoves(state), [state]);
  const moves = wanted === null ? all : all.filter((move) => move.outcome === wanted);
  return (
    <Section title="Moves" className="mt-8">
      {!state.ready ? (
        <Loading what="the moves">
          <Skeleton className="h-32" />
        </Loading>
      ) : all.length === 0 ? (
        <p className={`${cardClass} px-4 py-6 text-center text-soft`}>
          No moves yet. Each move appears here with its reason and result.
        </p>
      ) : (
        <>
          <Outcomes moves={all} wanted={wanted} onWant={(outcome) => change({ outcome })} />
          {moves.length === 0 && (
            <p className={`${cardClass} px-4 py-6 text-center text-soft`}>
              None of the latest {all.length} moves ended that way.
            </p>
          )}
          <ol className={moves.length === 0 ? 'hidden' : `${cardClass} divide-y divide-line`}>
            {moves.slice(0, shown).map((move) => (
              <Move key={move.id} move={move} />
            ))}
          </ol>
          {moves.length > shown && (
            <Button size="small" tone="quiet" className="mt-2" onClick={() => setShown(shown + 50)}>
              Show more
            </Button>
          )}
        </>
      )}
    </Section>
  );
}

/** Filters the moves by outcome. */
function Outcomes({
  moves,
  wanted,
  onWant,
}: {
  moves: readonly MoveRecord[];
  wanted: MoveRecord['outcome'] | null;
  onWant(outcome: MoveRecord['outcome'] | null): void;
}) {
  return (
    <fieldset className="mb-2 flex flex-wrap gap-2">
      <legend className="sr-only">Filter by outcome</legend>
      {moveOutcomes.map((outcome) => (
        <Toggle key={outcome} on={outcome === wanted} onChange={(on) => onWant(on ? outcome : null)}>
          {outcomeLabels[outcome]}{' '}
          <span className="text-faint">{moves.filter((move) => move.outcome === outcome).length}</span>
        </Toggle>
      ))}
    </fieldset>
  );
}

function Move({ move }: { move: MoveRecord }) {
  const bad = move.outcome === 'failed';
  return (
    <li className="grid gap-x-4 gap-y-0.5 px-4 py-2.5 text-[0.8125rem] min-[68.75rem]:grid-cols-[minmax(12rem,20rem)_9rem_minmax(0,1fr)_auto] min-[68.75rem]:items-baseline sm:max-[68.75rem]:grid-cols-[minmax(0,1fr)_auto]">
      <p className="min-w-0 truncate" title={`${move.model} on ${move.nodeName}`}>
        <span className="font-medium">{move.model}</span>{' '}
        <span className="text-soft">on {move.nodeName}</span>
      </p>
      <p className="flex items-center gap-1.5">
        <At at={move.from} />
        <ArrowRight size={12} className="text-faint" role="img" aria-label="to" />
        <At at={move.to} />
        <span className={bad ? 'font-medium text-trouble-text' : 'text-soft'}>
          {outcomeLabels[move.outcome]}
        </span>
      </p>
      <p className="min-w-0 break-words text-soft sm:max-[68.75rem]:order-last sm:max-[68.75rem]:col-span-2">
        {textOf(move.reason)}
      </p>
      <p className="text-xs whitespace-nowrap text-faint sm:max-[68.75rem]:col-span-2">
        {byLabels[move.by]} · {formatDuration(move.durationMs)} · <Ago at={move.at} />
      </p>
    </li>
  );
}

function At({ at }: { at: Placement | null }) {
  const label = at === null ? 'not loaded' : at === 'gpu' ? 'GPU' : at === 'cpu' ? 'CPU' : 'partial';
  return (
    <span role="img" aria-label={label} title={label} className="inline-flex">
      <PlacementGlyph at={at ?? 'disk'} size={14} />
    </span>
  );
}

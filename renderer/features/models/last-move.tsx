import { TriangleAlert } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';
import type { MoveRecord } from '../../../shared/models/placement.ts';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { movesStore, selectMoves, useMoves } from '../../stores/moves.ts';
import { textOf } from '../../texts.ts';
import { failedMoveText, shortageAdvice } from '../fleet/node-text.ts';
import { Shortage } from '../fleet/shortage.tsx';

/** The latest move of a model on a node if it was refused or failed and nothing has loaded the model since; else null. */
export function useLastMove(nodeId: string, model: string): MoveRecord | null {
  useKeep(movesStore);
  const state = useMoves();
  return useMemo(() => {
    const newest = selectMoves(state).find((move) => move.nodeId === nodeId && move.model === model);
    const failed = newest?.outcome === 'refused' || newest?.outcome === 'failed';
    return failed && !newest.superseded ? newest : null;
  }, [state, nodeId, model]);
}

/** A mark beside a model whose last move failed. */
export function FailedMark({ nodeId, model }: { nodeId: string; model: string }) {
  const move = useLastMove(nodeId, model);
  if (!move) return null;
  const text = failedMoveText(move);
  return (
    <span title={text} className="shrink-0 text-trouble">
      <TriangleAlert size={12} aria-hidden="true" />
      <span className="sr-only">{text}</span>
    </span>
  );
}

/** Why the last move of this model failed, and what to do about it. */
export function LastMove({
  move,
  focus,
  busy,
  onAnyway,
}: {
  move: MoveRecord;
  /** True right after the move was requested: focuses the button. */
  focus: boolean;
  busy: boolean;
  onAnyway(): void;
}) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (focus) button.current?.focus();
  }, [focus]);
  const short = move.outcome === 'refused' ? move.shortage : undefined;
  const advice = shortageAdvice(move);
  return (
    <Problem
      message={
        short ? `It does not fit on the GPU of ${move.nodeName}. Nothing was changed.` : failedMoveText(move)
      }
      next={short ? `${advice.next} ${advice.anyway}` : textOf(move.reason)}
      {...(move.code === null ? {} : { code: move.code })}
    >
      {move.shortage && (
        <div className="w-full">
          <Shortage shortage={move.shortage} />
        </div>
      )}
      {short && (
        <Button ref={button} size="small" busy={busy} onClick={onAnyway}>
          Force anyway
        </Button>
      )}
    </Problem>
  );
}

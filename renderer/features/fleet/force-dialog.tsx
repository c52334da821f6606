import { useState } from 'react';
import type { MoveRecord } from '../../../shared/models/placement.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { shortageAdvice } from './node-text.ts';
import { Shortage } from './shortage.tsx';
import { useForce } from './use-force.ts';

/** What did not fit on a GPU, what uses its VRAM, and a button to force it anyway. */
export function ForceDialog({ moves, onClose }: { moves: readonly MoveRecord[]; onClose(): void }) {
  const only = moves.length === 1 ? moves[0] : undefined;
  const [left, setLeft] = useState(moves);
  const forced = (move: MoveRecord) => {
    const rest = left.filter((other) => other !== move);
    if (rest.length === 0) onClose();
    else setLeft(rest);
  };
  return (
    <Dialog
      title={only ? `${only.model} does not fit on ${only.nodeName}` : `${moves.length} models do not fit`}
      description="Nothing was changed."
      onClose={onClose}
    >
      <ul className="grid gap-5">
        {left.map((move) => (
          <li key={`${move.nodeId} ${move.model}`}>
            <Refused
              move={move}
              named={only === undefined}
              onClose={only ? onClose : undefined}
              onForced={() => forced(move)}
            />
          </li>
        ))}
      </ul>
      {!only && (
        <div className="mt-5 flex justify-end">
          <Button onClick={onClose}>Close</Button>
        </div>
      )}
    </Dialog>
  );
}

function Refused({
  move,
  named,
  onClose,
  onForced,
}: {
  move: MoveRecord;
  named: boolean;
  onClose: (() => void) | undefined;
  onForced(): void;
}) {
  const { busy, force } = useForce();
  const { next, anyway } = shortageAdvice(move);
  return (
    <div className="grid gap-3">
      {named && (
        <h3 className="font-medium break-words">
          {move.model} <span className="font-normal text-soft">on {move.nodeName}</span>
        </h3>
      )}
      {move.shortage && <Shortage shortage={move.shortage} />}
      <p className="break-words">{next}</p>
      <p className="break-words text-soft">{anyway}</p>
      <div className="flex flex-wrap justify-end gap-2">
        {onClose && <Button onClick={onClose}>Cancel</Button>}
        <Button
          tone="danger"
          busy={busy}
          aria-label={named ? `Force anyway: ${move.model} on ${move.nodeName}` : undefined}
          onClick={() => void force('gpu', move.nodeId, move.model, true).then(onForced)}
        >
          Force anyway
        </Button>
      </div>
    </div>
  );
}

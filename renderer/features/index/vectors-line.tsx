import type { SourceView } from '../../../shared/models/indexing.ts';
import { formatCount, plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { MenuItem } from '../../components/menu.tsx';
import { useAction } from '../../components/use-action.ts';

/** Where the vectors of a folder are, if that is not Pilotlight alone, and a move with its progress. */
export function VectorsLine({ source: { id, name, vectors } }: { source: SourceView }) {
  const { busy, run } = useAction();
  if (vectors === undefined) return null;
  const { engine, unsent, moving, trouble } = vectors;
  return (
    <>
      {moving && (
        <div className="mt-2 flex items-center gap-2 text-[0.8125rem] text-soft">
          <p className="min-w-0 flex-1" role="status">
            {moving.to === 'qdrant' ? 'Moving vectors to Qdrant' : 'Moving vectors back'}
            {moving.total > 0 && `: ${formatCount(moving.done)} of ${formatCount(moving.total)}`}
          </p>
          <Button
            size="small"
            busy={busy}
            aria-label={`Cancel moving the vectors of ${name}`}
            onClick={() => run(() => client.call('index.cancelVectorMove', { sourceId: id }))}
          >
            Cancel
          </Button>
        </div>
      )}
      {!moving && engine === 'qdrant' && (
        <p className="mt-2 text-[0.8125rem] text-soft">
          Vectors in Qdrant{unsent > 0 && `, ${plural(unsent, 'vector')} still to be sent`}
        </p>
      )}
      {!moving && trouble && (
        <p className="mt-2 text-[0.8125rem] break-words text-trouble-text">
          {trouble.message} <span className="text-soft">{trouble.next}</span>
        </p>
      )}
    </>
  );
}

/** The entry of a folder's menu that moves its vectors. */
export function MoveItem({ source, running }: { source: SourceView; running: boolean }) {
  const { run } = useAction();
  const to = source.vectors?.engine === 'qdrant' ? 'builtin' : 'qdrant';
  return (
    <MenuItem
      disabled={running || source.vectors?.moving !== undefined}
      onSelect={() => run(() => client.call('index.moveVectors', { sourceId: source.id, to }))}
    >
      {to === 'qdrant' ? 'Move vectors to Qdrant' : 'Move vectors back from Qdrant'}
    </MenuItem>
  );
}

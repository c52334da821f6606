import { movesToday } from '../../../shared/moves-today.ts';
import { plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useNow } from '../../components/now.ts';
import { cardClass, Skeleton } from '../../components/page.tsx';
import { Switch } from '../../components/switch.tsx';
import { Ago, formatCountdown } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { useKeep } from '../../components/use-keep.ts';
import { movesStore, selectMoves, useMoves } from '../../stores/moves.ts';
import { useOptimizer } from '../../stores/optimizer.ts';
import { textOf } from '../../texts.ts';

/** `Optimizer on · next check in 2:10 · 3 moves today · Check now`. */
export function OptimizerLine() {
  useKeep(movesStore);
  const status = useOptimizer();
  const moves = useMoves();
  const now = useNow();
  const check = useAction();
  const change = useAction();
  if (!status) return <Skeleton className="mb-6 h-[4.5rem]" />;
  const next = status.running
    ? 'checking now'
    : status.nextLookAt === null
      ? 'no check scheduled'
      : `next check in ${formatCountdown(status.nextLookAt - now)}`;
  return (
    <div className={`${cardClass} mb-6 flex flex-wrap items-center gap-x-4 gap-y-3 px-4 py-3`}>
      <Switch
        on={status.on}
        label="Optimizer"
        disabled={change.busy}
        onChange={(on) => void change.run(() => client.call('settings.update', { optimizer: { on } }))}
      />
      <div className="min-w-0 flex-1 basis-64">
        <p className="font-medium">
          Optimizer {status.on ? 'on' : 'off'}
          {status.on && <span className="font-normal text-soft"> · {next}</span>}
          {moves.ready && (
            <span className="font-normal text-soft">
              {' '}
              · {plural(movesToday(selectMoves(moves), now), 'move')} today
            </span>
          )}
        </p>
        <p className="text-[0.8125rem] break-words text-soft">
          {textOf(status.summary)}
          {status.lastLookAt !== null && (
            <span className="text-faint">
              {' '}
              (<Ago at={status.lastLookAt} />)
            </span>
          )}
        </p>
      </div>
      <Button
        size="small"
        busy={check.busy || status.running}
        onClick={() =>
          check.run(
            () => client.call('optimizer.run', {}),
            (result) => textOf(result.summary),
          )
        }
      >
        Check now
      </Button>
    </div>
  );
}

import type { ActivityEntry } from '../../../shared/models/activity.ts';
import type { IndexJob } from '../../../shared/models/indexing.ts';
import { client } from '../../client/index.ts';
import { Anyway, useAnyway } from '../../components/anyway.tsx';
import { Button } from '../../components/button.tsx';
import { useAction } from '../../components/use-action.ts';
import { useKeep } from '../../components/use-keep.ts';
import { useFleet } from '../../stores/fleet.ts';
import { selectJobs, useJobs } from '../../stores/jobs.ts';
import { movesStore, selectMoves, useMoves } from '../../stores/moves.ts';
import { useNodePower } from '../../stores/power.ts';
import { useSources } from '../../stores/sources.ts';
import { nodeHref } from '../shell/route.ts';
import { actionsOf, type EntryAction } from './entry-actions.ts';

/** Buttons for what can be done about an entry; nothing when it no longer matters. */
export function EntryButtons({ entry, run }: { entry: ActivityEntry; run: IndexJob | null }) {
  useKeep(movesStore);
  const nodeId = entry.nodeId ?? '';
  const node = useFleet((state) => state.entries[nodeId] ?? null);
  const power = useNodePower(nodeId);
  const runs = selectJobs(useJobs());
  const sources = useSources();
  const moves = selectMoves(useMoves());
  const actions = actionsOf(entry, {
    ...{ node, run, runs, moves },
    mayRestartOllama: power?.agent?.mayRestartOllama ?? false,
    sourceIds: new Set(Object.keys(sources.entries)),
  });
  if (actions.length === 0) return null;
  return (
    <div className="mt-1.5 flex flex-wrap gap-2">
      {actions.map((action) => (
        <ActionButton key={action.kind} action={action} name={node?.name ?? ''} />
      ))}
    </div>
  );
}

function ActionButton({ action, name }: { action: EntryAction; name: string }) {
  const { busy, run } = useAction();
  const restart = useAnyway(
    (force) =>
      client.call('power.restartOllama', {
        nodeId: action.kind === 'restart-ollama' ? action.nodeId : '',
        force,
      }),
    `Ollama restarted on ${name}`,
  );
  switch (action.kind) {
    case 'diagnose':
      return (
        <Button
          size="small"
          aria-label={`Diagnose ${name}`}
          onClick={() => {
            location.hash = nodeHref(action.nodeId, 'diagnosis');
          }}
        >
          Diagnose
        </Button>
      );
    case 'wake':
      return (
        <Button
          size="small"
          busy={busy}
          aria-label={`Wake again: ${name}`}
          onClick={() => run(() => client.call('power.wake', { nodeId: action.nodeId }))}
        >
          Wake again
        </Button>
      );
    case 'run-again':
      return (
        <Button
          size="small"
          busy={busy}
          onClick={() => run(() => client.call('index.start', { sourceIds: action.sourceIds }))}
        >
          Run again
        </Button>
      );
    case 'move-back': {
      const where = action.target === 'gpu' ? 'the GPU' : 'the CPU';
      const { model, target, nodeId } = action;
      return (
        <Button
          size="small"
          busy={busy}
          aria-label={`Move back to ${where}: ${model} on ${name}`}
          onClick={() =>
            run(
              () => client.call('models.place', { model, target, nodeId }),
              `${model} is moved back to ${where}`,
            )
          }
        >
          Move back to {where}
        </Button>
      );
    }
    case 'restart-ollama':
      return (
        <>
          <Button
            size="small"
            busy={restart.busy}
            aria-label={`Restart Ollama on ${name}`}
            onClick={restart.run}
          >
            Restart Ollama
          </Button>
          {restart.refused && <Anyway label="Restart anyway" action={restart} />}
        </>
      );
  }
}

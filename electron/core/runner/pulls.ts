/** Downloads of models, shown while they run and for a while after. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { errorMessage, plainText } from '../../../shared/models/message.ts';
import type { RunnerPull } from '../../../shared/models/runner.ts';
import type { RunnerLink } from '../ports/runner.ts';
import type { Clock } from '../ports/time.ts';

export interface Pulls {
  of(nodeId: string): RunnerPull[];
  /** Begins it. Throws PULL_RUNNING. `onDone` is called when the model is there. */
  start(
    target: { nodeId: string; link: Pick<RunnerLink, 'pull'> },
    name: string,
    onDone: () => void,
  ): RunnerPull;
  /** Throws NOT_FOUND. */
  cancel(nodeId: string, name: string): void;
  stop(): Promise<void>;
}

const SHOWN_MS = 600_000;

interface Entry {
  pull: RunnerPull;
  abort: AbortController;
  done: Promise<void>;
}

export function createPulls({ clock, onChange }: { clock: Clock; onChange(nodeId: string): void }): Pulls {
  const entries = new Map<string, Map<string, Entry>>();
  const find = (nodeId: string, name: string) => entries.get(nodeId)?.get(name) ?? null;

  function change(nodeId: string, entry: Entry, next: Partial<RunnerPull>): void {
    entry.pull = { ...entry.pull, ...next };
    onChange(nodeId);
  }

  function forget(nodeId: string, name: string, entry: Entry): void {
    if (find(nodeId, name) !== entry) return;
    entries.get(nodeId)?.delete(name);
    onChange(nodeId);
  }

  async function run(
    { nodeId, link }: { nodeId: string; link: Pick<RunnerLink, 'pull'> },
    entry: Entry,
    onDone: () => void,
  ): Promise<void> {
    const { name } = entry.pull;
    const { signal } = entry.abort;
    try {
      await link.pull(name, (progress) => change(nodeId, entry, progress), signal);
      change(nodeId, entry, { state: 'done', doneBytes: entry.pull.totalBytes ?? entry.pull.doneBytes });
      onDone();
    } catch (error) {
      if (signal.aborted) change(nodeId, entry, { state: 'cancelled' });
      else change(nodeId, entry, { state: 'failed', problem: problemOf(error) });
    }
    clock.timer(SHOWN_MS, () => forget(nodeId, name, entry));
  }

  return {
    of: (nodeId) => [...(entries.get(nodeId)?.values() ?? [])].map(({ pull }) => pull),
    start(target, name, onDone) {
      const { nodeId } = target;
      if (find(nodeId, name)?.pull.state === 'running') {
        throw new PilotlightError('PULL_RUNNING', { details: { nodeId, name } });
      }
      const pull: RunnerPull = {
        name,
        state: 'running',
        doneBytes: 0,
        totalBytes: null,
        startedAt: clock.now(),
        problem: null,
      };
      const entry: Entry = { pull, abort: new AbortController(), done: Promise.resolve() };
      const ofNode = entries.get(nodeId) ?? new Map<string, Entry>();
      entries.set(nodeId, ofNode.set(name, entry));
      entry.done = run(target, entry, onDone);
      onChange(nodeId);
      return pull;
    },
    cancel(nodeId, name) {
      const entry = find(nodeId, name);
      if (entry?.pull.state !== 'running')
        throw new PilotlightError('NOT_FOUND', { details: { nodeId, name } });
      entry.abort.abort(new PilotlightError('CANCELLED'));
    },
    async stop() {
      const all = [...entries.values()].flatMap((ofNode) => [...ofNode.values()]);
      for (const { abort } of all) abort.abort(new PilotlightError('STOPPING'));
      await Promise.all(all.map(({ done }) => done));
    },
  };
}

function problemOf(error: unknown): RunnerPull['problem'] {
  const { code, message, next, said } = isPilotlightError(error) ? error : new PilotlightError('INTERNAL');
  return { code, message: errorMessage({ message, said }), next: plainText(next) };
}

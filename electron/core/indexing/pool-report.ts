/** What people see of a pool: the phase of the job, its events, and what is worth a notification. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import type { JobEvent, JobPhase, SourceRecord } from '../../../shared/models/indexing.ts';
import { fact, type Message, plainText } from '../../../shared/models/message.ts';
import type { PoolOptions, PoolWait, PoolWorker } from '../acquire/pool.ts';
import type { Log } from '../ports/log.ts';
import { reasonOf } from './failures.ts';

export interface JobReport {
  phase(phase: JobPhase, detail: string): void;
  event(kind: JobEvent['kind'], nodeId: string | null, message: string): void;
  /** Into the activity log. */
  record(entry: Omit<NewActivityEntry, 'kind'>): void;
}

/** What the lease of a machine says. */
export const leasePurpose = ({ name }: Pick<SourceRecord, 'name'>): Message =>
  fact('USED_FOR_INDEXING', { folder: name });

export function createPoolReport({
  report,
  source,
  modelName,
  log,
  probeSoon,
}: {
  report: JobReport;
  source: Pick<SourceRecord, 'name'>;
  modelName: string;
  log: Log;
  probeSoon(nodeId: string): void;
}): PoolOptions['events'] {
  /** Those that may not be woken now, with the reason that was reported. */
  const leftAsleep = new Map<string, string>();
  let situation: 'starting' | 'gpu' | 'cpu' | 'fallback' | 'waiting' = 'starting';
  let lastLoss: { name: string; words: string; why: string } | null = null;
  let anyWorking = false;

  function onGpu({ name, nodeId }: PoolWorker): void {
    if (situation === 'fallback' || (situation === 'waiting' && lastLoss !== null)) {
      report.event('recovered', nodeId, `${name} is back: its GPU goes on.`);
      report.record({
        severity: 'success',
        message: plainText(`${name} is back: "${source.name}" goes on there.`),
        nodeId,
      });
    } else if (lastLoss !== null && lastLoss.name !== name) {
      report.event('note', nodeId, `${lastLoss.words}: ${name} goes on with its GPU.`);
    }
    situation = 'gpu';
    lastLoss = null;
  }

  function fellBack({ name, nodeId }: PoolWorker): void {
    const cause = lastLoss?.words ?? 'No GPU machine is there';
    report.event('fell-back', nodeId, `${cause}: ${name} goes on with its CPU.`);
    report.record({
      severity: 'warning',
      message: plainText(`"${source.name}" goes on with the CPU of ${name}.`),
      why: plainText(
        lastLoss ? `${lastLoss.name}: ${lastLoss.why}` : 'No GPU machine with the model is awake.',
      ),
      nodeId,
      notify: true,
    });
  }

  function changed(working: readonly PoolWorker[]): void {
    anyWorking = working.length > 0;
    if (!anyWorking || situation === 'waiting') return;
    const names = working.map(({ name, gpu }) => `${name} (${gpu ? 'GPU' : 'CPU'})`);
    report.phase('embedding', `Embedding on ${names.join(' and ')}`);
  }

  const waitText = (wait: PoolWait): string => {
    if (wait.for === 'probe') return `Looking for ${wait.name}…`;
    const what = wait.for === 'gpu-node' ? 'a GPU machine' : 'a machine';
    return `Waiting for ${what} that has ${modelName}.`;
  };

  return {
    waking({ name }) {
      report.phase('waking', `Waking ${name}…`);
    },
    woke({ name, nodeId }) {
      report.event('woke', nodeId, `${name} is awake.`);
    },
    placing({ name }) {
      if (!anyWorking) report.phase('placing', `Putting ${modelName} on the GPU of ${name}…`);
    },
    placed({ name, nodeId }, placement, reason) {
      const text =
        placement === 'gpu'
          ? `${modelName} is on the GPU of ${name}.`
          : `${modelName} is only partly on the GPU of ${name}: ${english(reason)}`;
      report.event('placed', nodeId, text);
    },
    gpuRefused({ name, nodeId }, reason) {
      lastLoss = { name, words: `The GPU of ${name} cannot be used`, why: english(reason) };
      report.event('note', nodeId, `The GPU of ${name} cannot be used for ${modelName}: ${english(reason)}`);
    },
    working(worker) {
      if (worker.gpu) onGpu(worker);
      else if (worker.fallback) {
        if (situation !== 'fallback') fellBack(worker);
        situation = 'fallback';
      } else situation = 'cpu';
    },
    dropped({ name, nodeId }, error) {
      lastLoss = { name, words: `${name} is gone`, why: reasonOf(error) };
      log.warn('A node was lost while it embedded.', { node: nodeId, reason: reasonOf(error) });
      probeSoon(nodeId);
    },
    wakeFailed({ name, nodeId }, error, cameUp) {
      const why = reasonOf(error);
      lastLoss = { name, words: `${name} is not there`, why };
      const text = cameUp
        ? `${name} is awake but does not have ${modelName}.`
        : `${name} did not wake: ${why}`;
      report.event('note', nodeId, text);
    },
    wakeNotAllowed({ name, nodeId }, error) {
      // Nothing is wrong with it. While that lasts it is reported once, although it is tried again and again.
      const why = reasonOf(error);
      lastLoss ??= { name, words: `${name} stays asleep`, why };
      if (leftAsleep.get(nodeId) === why) return;
      leftAsleep.set(nodeId, why);
      report.event('note', nodeId, `${name} stays asleep: ${lowerFirst(why)}`);
    },
    waiting(wait) {
      const text = waitText(wait);
      report.phase('waiting', text);
      if (wait.for === 'probe' || situation === 'waiting') return;
      situation = 'waiting';
      report.event('waiting', null, text);
      report.record({
        severity: 'warning',
        message: plainText(`"${source.name}" waits: ${lowerFirst(text)}`),
        why: plainText(lastLoss === null ? '' : `${lastLoss.name}: ${lastLoss.why}`),
        notify: true,
      });
    },
    changed,
  };
}

/** Job events are still English text. */
const english = (reason: Message | null): string =>
  new PilotlightError('GPU_NOT_USED', reason === null ? {} : { message: reason }).message;

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

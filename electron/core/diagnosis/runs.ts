/** Checks under way and done, one of each kind a node: step by step on the stream, with an end in every case. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { Check, CheckStep } from '../../../shared/models/checks.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import { fail, notApplicable, type Verdict } from './verdict.ts';

export interface StepPlan {
  id: string;
  title: string;
  /** `say` tells what is seen meanwhile. Rejects with the signal's reason when it was cancelled. */
  run(signal: AbortSignal, say: (seen: string) => void): Promise<Verdict>;
  /** After a cancel in this step: leaves a clear state, and says which. */
  afterCancel?(): Promise<string>;
}

export interface RunPlan {
  kind: Check['kind'];
  nodeId: string;
  steps: readonly StepPlan[];
  /** Nothing after a failed step is tried. */
  stopsAtFailure: boolean;
}

export interface Runs {
  /** Resolves with the whole check, whatever came of it. Rejects with CHECK_RUNNING. `signal` cancels it. */
  start(
    kind: Check['kind'],
    nodeId: string,
    plan: (signal: AbortSignal) => Omit<RunPlan, 'kind' | 'nodeId'>,
    signal: AbortSignal,
  ): Promise<Check>;
  /** Resolves when it has ended; one that has ended stays as it is. Rejects with NOT_FOUND. */
  cancel(checkId: string): Promise<Check>;
  /** The node was removed. */
  forget(nodeId: string): void;
  stop(): Promise<void>;
}

interface Running {
  controller: AbortController;
  ended: Promise<Check>;
}

export function createRuns({
  clock,
  log,
  streams,
}: {
  clock: Clock;
  log: Log;
  streams: Pick<Streams, 'checks'>;
}): Runs {
  const running = new Map<string, Running>();
  const forgotten = new Set<string>();
  const idOf = (kind: Check['kind'], nodeId: string) => `${kind}:${nodeId}`;

  async function run(plan: RunPlan, signal: AbortSignal): Promise<Check> {
    let check: Check = {
      id: idOf(plan.kind, plan.nodeId),
      kind: plan.kind,
      nodeId: plan.nodeId,
      startedAt: clock.now(),
      endedAt: null,
      outcome: 'running',
      steps: plan.steps.map(({ id, title }) => ({ id, title, state: 'waiting', seen: '', mend: '' })),
    };
    const publish = (changes: Partial<Check>) => {
      check = { ...check, ...changes };
      if (!forgotten.has(check.nodeId)) streams.checks.set(check.id, check);
    };
    const setStep = (id: string, changes: Partial<CheckStep>) =>
      publish({ steps: check.steps.map((step) => (step.id === id ? { ...step, ...changes } : step)) });
    const leaveRest = (seen: string) =>
      publish({
        steps: check.steps.map((step) =>
          step.state === 'waiting' ? { ...step, ...notApplicable(seen) } : step,
        ),
      });

    publish({});
    for (const step of plan.steps) {
      if (signal.aborted) break;
      setStep(step.id, { state: 'running' });
      try {
        const verdict = await step.run(signal, (seen) => setStep(step.id, { seen }));
        setStep(step.id, verdict);
      } catch (error) {
        if (signal.aborted) {
          setStep(step.id, notApplicable(`Cancelled. ${await tidyUp(step, signal)}`.trim()));
          break;
        }
        setStep(step.id, toVerdict(error));
      }
      if (plan.stopsAtFailure && check.steps.some(({ state }) => state === 'fail')) break;
    }
    leaveRest(signal.aborted ? 'Cancelled before.' : 'An earlier step failed.');
    const failed = check.steps.some(({ state }) => state === 'fail');
    publish({ endedAt: clock.now(), outcome: signal.aborted ? 'cancelled' : failed ? 'fail' : 'pass' });
    return check;
  }

  /** Only a person who cancels waits for it: a core that stops, or a node that is gone, does not. */
  async function tidyUp(step: StepPlan, { reason }: AbortSignal): Promise<string> {
    if (isPilotlightError(reason) && reason.code !== 'CANCELLED') return '';
    try {
      return (await step.afterCancel?.()) ?? '';
    } catch (error) {
      log.warn('A check that was cancelled left something behind.', { error: String(error) });
      return '';
    }
  }

  function toVerdict(error: unknown): Verdict {
    if (isPilotlightError(error)) return fail(error.message, error.next);
    log.error('A step of a check failed in an unforeseen way.', { error: String(error) });
    const { message, next } = new PilotlightError('INTERNAL');
    return fail(message, next);
  }

  return {
    async start(kind, nodeId, plan, signal) {
      const id = idOf(kind, nodeId);
      if (running.has(id)) throw new PilotlightError('CHECK_RUNNING', { details: { checkId: id } });
      const controller = new AbortController();
      const stop = () => controller.abort(signal.reason);
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      forgotten.delete(nodeId);
      const ended = run({ ...plan(controller.signal), kind, nodeId }, controller.signal).finally(() => {
        signal.removeEventListener('abort', stop);
        running.delete(id);
      });
      running.set(id, { controller, ended });
      return ended;
    },

    async cancel(checkId) {
      const current = running.get(checkId);
      current?.controller.abort(new PilotlightError('CANCELLED'));
      const check = current ? await current.ended : streams.checks.get(checkId);
      if (!check) throw new PilotlightError('NOT_FOUND', { details: { checkId } });
      return check;
    },

    forget(nodeId) {
      forgotten.add(nodeId);
      for (const kind of ['diagnosis', 'rehearsal'] as const) {
        const id = idOf(kind, nodeId);
        running.get(id)?.controller.abort(new PilotlightError('NOT_FOUND'));
        streams.checks.delete(id);
      }
    },

    async stop() {
      const current = [...running.values()];
      for (const { controller } of current) controller.abort(new PilotlightError('STOPPING'));
      await Promise.all(current.map(({ ended }) => ended));
    },
  };
}

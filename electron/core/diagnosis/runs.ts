/** Checks in progress and finished, one of each kind for a node: step by step on the stream, always with an outcome. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { Check, CheckStep } from '../../../shared/models/checks.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import { failWith, notApplicable, type Verdict } from './verdict.ts';

export interface StepPlan {
  id: string;
  title: Message;
  /** `report` shows what is observed meanwhile. Rejects with the signal's reason when it is cancelled. */
  run(signal: AbortSignal, report: (seen: Message) => void): Promise<Verdict>;
  /** After a cancel in this step: leaves the machine in a clear state, and returns that state. */
  afterCancel?(): Promise<Message>;
}

export interface RunPlan {
  kind: Check['kind'];
  nodeId: string;
  steps: readonly StepPlan[];
  /** Nothing is tried after a step has failed. */
  stopsAtFailure: boolean;
}

export interface Runs {
  /** Resolves with the whole check, whatever its outcome. Rejects with CHECK_RUNNING. `signal` cancels it. */
  start(
    kind: Check['kind'],
    nodeId: string,
    plan: (signal: AbortSignal) => Omit<RunPlan, 'kind' | 'nodeId'>,
    signal: AbortSignal,
  ): Promise<Check>;
  /** Resolves when it has ended; a finished one is not changed. Rejects with NOT_FOUND. */
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
      steps: plan.steps.map(({ id, title }) => ({ id, title, state: 'waiting', seen: null, fix: null })),
    };
    const publish = (changes: Partial<Check>) => {
      check = { ...check, ...changes };
      if (!forgotten.has(check.nodeId)) streams.checks.set(check.id, check);
    };
    const setStep = (id: string, changes: Partial<CheckStep>) =>
      publish({ steps: check.steps.map((step) => (step.id === id ? { ...step, ...changes } : step)) });
    const skipRest = (seen: Message) =>
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
          const outcome = await tidyUp(step, signal);
          setStep(step.id, notApplicable(fact('CHECK_CANCELLED', { outcome })));
          break;
        }
        setStep(step.id, toVerdict(error));
      }
      if (plan.stopsAtFailure && check.steps.some(({ state }) => state === 'fail')) break;
    }
    skipRest(fact(signal.aborted ? 'CHECK_CANCELLED_EARLIER' : 'EARLIER_STEP_FAILED'));
    const failed = check.steps.some(({ state }) => state === 'fail');
    publish({ endedAt: clock.now(), outcome: signal.aborted ? 'cancelled' : failed ? 'fail' : 'pass' });
    return check;
  }

  /** Only after a person's cancel: a core that stops, or a removed node, does not wait for it. */
  async function tidyUp(step: StepPlan, { reason }: AbortSignal): Promise<Message | null> {
    if (isPilotlightError(reason) && reason.code !== 'CANCELLED') return null;
    try {
      return (await step.afterCancel?.()) ?? null;
    } catch (error) {
      log.warn('A cancelled check could not be cleaned up.', { error: String(error) });
      return null;
    }
  }

  function toVerdict(error: unknown): Verdict {
    if (isPilotlightError(error)) return failWith(error);
    log.error('A step of a check failed unexpectedly.', { error: String(error) });
    return failWith(new PilotlightError('INTERNAL'));
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

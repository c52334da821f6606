/** Diagnosis and rehearsal of nodes. */
import type { Check } from '../../../shared/models/checks.ts';
import type { FleetService } from '../fleet/service.ts';
import type { AgentMachine } from '../ports/agents.ts';
import type { Streams } from '../runtime/streams.ts';
import { diagnosisSteps } from './diagnose.ts';
import { createProbes, type ProbeDependencies } from './probes.ts';
import { type RehearsalDependencies, rehearsalPlan } from './rehearse.ts';
import { createRuns } from './runs.ts';

export interface ChecksService {
  /** Changes nothing on the machine; `signal` cancels it. Rejects with NOT_FOUND or CHECK_RUNNING. */
  diagnose(nodeId: string, signal: AbortSignal): Promise<Check>;
  /** Continues when its caller has left, so that the machine is not left asleep. Rejects with NOT_FOUND or CHECK_RUNNING. */
  rehearse(nodeId: string): Promise<Check>;
  /** Resolves when it has ended. Rejects with NOT_FOUND. */
  cancel(checkId: string): Promise<Check>;
  stop(): Promise<void>;
}

export interface ChecksDependencies extends ProbeDependencies, RehearsalDependencies {
  fleet: FleetService;
  streams: Pick<Streams, 'checks'>;
  /** As the node's agent reported it when it last answered. */
  lastMachine(nodeId: string): AgentMachine | null;
  /** Processes on the node's GPUs that outlived their server. Left out for none. */
  leftBehind?(nodeId: string): ReadonlySet<number>;
}

export function createChecksService(dependencies: ChecksDependencies): ChecksService {
  const { fleet, powerOf, lastMachine } = dependencies;
  const runs = createRuns(dependencies);
  const never = new AbortController().signal;
  const stopListening = fleet.onChange((node, previous) => {
    if (node === null && previous) runs.forget(previous.id);
  });

  return {
    async diagnose(nodeId, signal) {
      const node = fleet.require(nodeId);
      const plan = (ended: AbortSignal) => ({
        stopsAtFailure: false,
        steps: diagnosisSteps({
          probes: createProbes(dependencies, node, ended),
          power: powerOf(nodeId),
          lastMachine: lastMachine(nodeId),
          leftBehind: dependencies.leftBehind?.(nodeId) ?? new Set(),
        }),
      });
      return runs.start('diagnosis', nodeId, plan, signal);
    },
    async rehearse(nodeId) {
      const node = fleet.require(nodeId);
      const plan = (ended: AbortSignal) =>
        rehearsalPlan(dependencies, nodeId, createProbes(dependencies, node, ended).onThisComputer);
      return runs.start('rehearsal', nodeId, plan, never);
    },
    cancel: runs.cancel,
    async stop() {
      stopListening();
      await runs.stop();
    },
  };
}

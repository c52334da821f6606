/** Whether a runner outlived its server and still holds VRAM. Pure. */
import { fact } from '../../../shared/models/message.ts';
import type { AgentSample } from '../ports/agents.ts';
import { isRunnerProcess, isServerProcess } from '../telemetry/runner-process.ts';
import { fail, notApplicable, pass, type Verdict } from './verdict.ts';

export interface LeftBehindFacts {
  /** What its tools list now; null if no agent measures there. */
  sample: Pick<AgentSample, 'gpus'> | null;
  /** Process ids that its readings have shown to be left behind. */
  known: ReadonlySet<number>;
}

export function judgeLeftBehind({ sample, known }: LeftBehindFacts): Verdict {
  if (sample === null) return notApplicable(fact('NO_PROCESSES_REPORTED'));
  const left = sample.gpus
    .flatMap(({ processes }) => processes)
    .filter(({ pid, name, parent }) => {
      if (!isRunnerProcess(name)) return false;
      return known.has(pid) || (parent !== undefined && !isServerProcess(parent.name));
    });
  if (left.length === 0) return pass(fact('NOTHING_LEFT_BEHIND'));
  const processes = left.map(({ pid, name, vramUsedBytes }) => ({
    pid,
    name: name.split(/[\\/]/).at(-1) ?? name,
    bytes: vramUsedBytes,
  }));
  return fail(
    fact('RUNNERS_LEFT_BEHIND', { processes }),
    fact('END_PROCESSES', { pids: processes.map(({ pid }) => pid) }),
  );
}

/** Detects a machine that is awake but whose GPU is unavailable to Ollama. Pure. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { Trouble } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import { troubleOf } from '../runtime/trouble.ts';

export interface GpuFacts {
  /** Whether it has a GPU; null if unknown. */
  hasGpu: boolean | null;
  /** How many GPUs its tools see now; null until one has reported. */
  seenByTools: number | null;
  /** A tool fails, so an empty list does not mean that there is no GPU. */
  toolFails?: boolean;
  /** Its tools see integrated graphics only, which a server need not use. */
  onlyIntegrated?: boolean;
  /** Problems that its tools reported. */
  problems: readonly string[];
  /** Whether Ollama found a GPU when it started; null if unknown. */
  ollamaFoundGpu: boolean | null;
  mayRestartOllama: boolean;
}

export function gpuLostOf(facts: GpuFacts): Trouble | null {
  const { hasGpu, seenByTools, toolFails = false, problems, ollamaFoundGpu, mayRestartOllama } = facts;
  if (hasGpu === true && seenByTools === 0) {
    const problem = problems[0];
    return troubleOf(
      new PilotlightError('GPU_LOST', {
        message: fact('TOOLS_SEE_NO_GPU', { fails: toolFails, problem: problem ?? '' }),
        next: fact('RESTART_IF_GPU_STAYS_AWAY'),
      }),
    );
  }
  const hasCard = hasGpu === true || (!facts.onlyIntegrated && seenByTools !== null && seenByTools > 0);
  if (ollamaFoundGpu !== false || !hasCard) return null;
  return troubleOf(
    new PilotlightError('GPU_LOST', mayRestartOllama ? {} : { next: fact('RESTART_OLLAMA_BY_HAND') }),
  );
}

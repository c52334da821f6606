/** Why one model is where it is, for a person who asks. Pure. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { ModelOnNode, MoveRecord } from '../../../shared/models/placement.ts';
import { sameModelName } from '../fleet/model-placement.ts';
import { type Decision, decideByName, type PlanInput } from './plan.ts';

/** The decision for one model by name. After a failed move, the explanation is about that failure. */
export function explainModel(input: PlanInput, name: string): Decision {
  const decision = decideByName(input, name);
  const model = input.node.loaded.find((loaded) => sameModelName(loaded.name, name));
  const failure = input.lastFailure?.(name) ?? null;
  const isThere = model !== undefined && model.placement === failure?.wanted;
  return failure === null || isThere ? decision : afterFailure(input, decision, model, failure);
}

function afterFailure(
  { now, node }: PlanInput,
  decision: Decision,
  model: ModelOnNode | undefined,
  { at, by, wanted: to, reason, code }: MoveRecord,
): Decision {
  const agoMs = Math.max(0, now - at);
  const failed = model
    ? fact('FAILED_LATELY', {
        placement: model.placement,
        gpuShare: model.gpuShare,
        by: by === 'person' ? 'person' : 'pilotlight',
        to,
        agoMs,
        reason,
      })
    : fact('LOAD_FAILED_LATELY', { node: node.name, to, agoMs, reason });
  const next = nextAfter(code, node, model) ?? decision.explanation.next;
  return { ...decision, explanation: { ...decision.explanation, right: false, reason: failed, next } };
}

function nextAfter(code: string | null, node: NodeView, model: ModelOnNode | undefined): Message | null {
  switch (code) {
    case 'VRAM_TAKEN':
      return fact(model?.priority ? 'CLOSE_PROGRAM_OR_FORCE' : 'CLOSE_PROGRAM_AND_RETRY');
    case 'DOES_NOT_FIT':
    case 'OUT_OF_MEMORY':
      return fact('SMALLER_OR_FORCE');
    case 'GPU_NOT_USED':
      return node.gpuLost?.next ?? null;
    default:
      return null;
  }
}

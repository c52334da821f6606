/** The steps of the GPU. Pure. */
import { fact } from '../../../shared/models/message.ts';
import type { LoadedModel } from '../../../shared/models/placement.ts';
import { hasCard } from '../fleet/view.ts';
import type { AgentSample } from '../ports/agents.ts';
import { fail, notApplicable, pass, type Verdict } from './verdict.ts';

export interface GpuFacts {
  /** Its server was seen to use the GPU. */
  verified: boolean;
  /** Whether the fleet knows it to have a GPU; null if unknown. */
  hasGpu: boolean | null;
  /** What its tools report; null if nothing reads them. */
  tools: GpuTools | null;
}

export interface GpuTools {
  gpus: readonly Pick<AgentSample['gpus'][number], 'name' | 'integrated'>[];
  /** `partly`: there may be others that no tool reads. */
  gpusRead: AgentSample['gpusRead'] | 'partly';
  problems: readonly string[];
}

/** Whether its tools detect its GPU. */
export function judgeGpu({ hasGpu, verified, tools }: GpuFacts): Verdict {
  if (tools === null)
    return notApplicable(hasGpu === false ? fact('NO_GPU', { problems: [] }) : fact('GPUS_NOT_REPORTED'));
  const { gpus, gpusRead, problems } = tools;
  if (gpus.length > 0) return pass(fact('GPUS_DETECTED', { gpus: gpus.map(({ name }) => name), problems }));
  if (gpusRead === 'not-yet') return notApplicable(fact('GPUS_NOT_YET_READ', { problems }));
  if (verified) return notApplicable(fact('GPU_USED_BUT_NOT_REPORTED', { problems }));
  if (hasGpu === false || (hasGpu === null && gpusRead === 'all'))
    return notApplicable(fact('NO_GPU', { problems }));
  if (hasGpu === null && gpusRead === 'partly') return notApplicable(fact('NO_GPU_DETECTED', { problems }));
  return fail(
    fact(gpusRead === 'failed' ? 'GPU_UNREADABLE' : 'TOOLS_DETECT_NO_GPU', { problems }),
    fact('FIX_GPU_DRIVER'),
  );
}

/**
 * Whether its server has a GPU to use; null if unknown. A complete reading without any GPU says no, also on a machine
 * that is known to have one: until its tools detect it again, restarting the server does not help.
 */
export function gpuToUse({ hasGpu, tools }: Pick<GpuFacts, 'hasGpu' | 'tools'>): boolean | null {
  if (tools === null) return hasGpu;
  if (hasCard(tools.gpus)) return true;
  return tools.gpusRead === 'all' && tools.gpus.length === 0 ? false : hasGpu;
}

export interface UsedGpuFacts {
  /** As `gpuToUse` says. */
  hasGpu: boolean | null;
  hasServer: boolean;
  serverAnswers: boolean;
  /** null if they could not be read. */
  loaded: readonly LoadedModel[] | null;
  /** Whether the server found a GPU when it started, by its agent; null if unknown. */
  foundAtStart: boolean | null;
  mayRestartOllama: boolean;
}

/** Whether the server really uses the GPU. No model is loaded to find out. */
export function judgeUsedGpu(facts: UsedGpuFacts): Verdict {
  const { hasGpu, hasServer, serverAnswers, loaded, foundAtStart, mayRestartOllama: button } = facts;
  if (!hasServer) return notApplicable(fact('THIS_NODE_HAS_NO_SERVER'));
  if (!serverAnswers) return notApplicable(fact('SERVER_IS_SILENT'));
  const names = (models: readonly LoadedModel[]) => models.map(({ name }) => name);
  const inVram = loaded?.filter(({ vramBytes }) => vramBytes > 0) ?? [];
  if (inVram.length > 0) return pass(fact('MODELS_IN_VRAM', { models: names(inVram) }));
  if (hasGpu === false) return notApplicable(fact('NO_GPU_TO_USE'));
  if (foundAtStart === false && hasGpu === true)
    return fail(fact('NO_GPU_FOUND_AT_START'), fact('RESTART_TO_FIND_GPU', { button }));
  if (loaded !== null && loaded.length > 0 && hasGpu === true)
    return fail(fact('MODELS_ON_CPU', { models: names(loaded) }), fact('RESTART_UNLESS_CHOSEN', { button }));
  if (foundAtStart === true) return pass(fact('GPU_FOUND_AT_START'));
  return notApplicable(fact('NO_MODEL_TO_SHOW_GPU'));
}

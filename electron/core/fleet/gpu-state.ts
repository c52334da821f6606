/** Whether the server of a node has its GPU: verified, lost, or not checked. Pure: (before, evidence) → after. */
import type { GpuLost } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { LoadedModel } from '../../../shared/models/placement.ts';

/** What the tools of the machine report about its GPUs. */
export type ToolReport =
  | { kind: 'card' }
  /** They see only graphics inside the processor, which a server need not use. */
  | { kind: 'integrated' }
  /** `none`: every tool has reported, and none sees a GPU. `problem` is a sentence of a tool, or empty. */
  | { kind: 'none' | 'failed'; problem: string }
  | { kind: 'unknown' };

/** Whether the server process is another one than at the last probe. `unknown` if nothing shows it. */
export type ProcessChange = 'same' | 'new' | 'unknown';

export interface GpuEvidence {
  now: number;
  loaded: readonly LoadedModel[];
  /** VRAM in use by the machine's own tools, bytes; null if they do not report it. */
  usedBytes: number | null;
  /** Whether this server process found a GPU when it started, by the agent; null if it is not known. */
  found: boolean | null;
  tools: ToolReport;
  process: ProcessChange;
  /** The machine was off or asleep since the last probe that was answered. */
  wasAway: boolean;
  /** It has a GPU, as a person entered it or the simulator defines it. */
  hasGpu: boolean;
}

export interface GpuLoss extends Pick<GpuLost, 'since' | 'shownBy' | 'restarted' | 'reason'> {
  /** Models that were in VRAM before the loss and still are: they do not show that another load would get there. */
  before: readonly string[];
}

export interface GpuState {
  verified: boolean;
  loss: GpuLoss | null;
  /** It has a GPU: a model was once in VRAM, or its tools or its server reported one. */
  known: boolean;
  /** Its tools have listed a card. */
  cardSeen: boolean;
  /** Since when the tools list no card of a machine that has one; null while they do. */
  missingSince: number | null;
  /** The VRAM figures of this server process were found to be wrong. */
  figuresWrong: boolean;
  /** What this server process found at its start no longer applies. */
  startRefuted: boolean;
}

/** A tool may fail once, and a driver needs a moment after a resume. */
export const TOOLS_CONFIRM_MS = 2000;
/** Less of the reported VRAM in use means that the server's figures are wrong. */
const LEAST_USED_SHARE = 0.5;

export const initialGpuState: GpuState = {
  verified: false,
  loss: null,
  known: false,
  cardSeen: false,
  missingSince: null,
  figuresWrong: false,
  startRefuted: false,
};

/** Its tools miss the card, and have to confirm that. */
export const isUnconfirmed = ({ missingSince, loss }: GpuState): boolean =>
  missingSince !== null && loss === null;

/** After a probe that the server answered. */
export function nextGpuState(previous: GpuState, evidence: GpuEvidence): GpuState {
  const before = afterProcess(previous, evidence);
  const { now, tools, found } = evidence;
  const inVram = modelsInVram(before, evidence);
  const cardSeen = before.cardSeen || tools.kind === 'card';
  const known = before.known || inVram.length > 0 || found === true || tools.kind === 'card';
  const hasGpu = known || evidence.hasGpu;
  const missing = isMissing(tools, {
    cardSeen,
    inVram: inVram.length > 0,
    expected: evidence.hasGpu && !known,
  });
  const state: GpuState = {
    ...before,
    known,
    cardSeen,
    missingSince: missing ? (before.missingSince ?? now) : null,
  };
  if (missing) return missingCard(state, tools, now);

  const loss = continuing(before.loss, inVram);
  const proven = inVram.some((name) => !loss?.before.includes(name));
  if (proven) return { ...state, verified: true, loss: null, startRefuted: false };
  if (found === false && hasGpu) {
    return lost(state, { shownBy: 'server', reason: fact('SERVER_FOUND_NO_GPU') }, now, inVram);
  }
  const trusted = found === true && !state.figuresWrong && !state.startRefuted;
  if (trusted) return { ...state, verified: true, loss: null };
  // Its tools see the card again, but that does not show whether the server does.
  const ended = loss?.shownBy === 'tools' && tools.kind === 'card';
  return { ...state, verified: state.verified && loss === null, loss: ended ? null : loss };
}

/** The machine is off or does not answer: nothing is verified any more, and its card is not expected. */
export function gpuStateAway(state: GpuState): GpuState {
  return { ...state, verified: false, missingSince: null, figuresWrong: false };
}

/** What placement found, which a probe cannot show. */
export type GpuVerdict =
  | { kind: 'verified' }
  /** A load that was meant for the GPU ended on the CPU although nothing was in its way. */
  | { kind: 'lost'; reason: Message; figuresWrong: boolean; loaded: readonly LoadedModel[] }
  /** A load ended on the CPU, maybe for want of VRAM. */
  | { kind: 'not-checked' };

export function withVerdict(state: GpuState, verdict: GpuVerdict, now: number): GpuState {
  switch (verdict.kind) {
    case 'verified':
      return {
        ...state,
        verified: true,
        loss: null,
        known: true,
        figuresWrong: false,
        startRefuted: false,
      };
    case 'not-checked':
      return { ...state, verified: false, startRefuted: true };
    case 'lost': {
      const figuresWrong = state.figuresWrong || verdict.figuresWrong;
      const inVram = verdict.figuresWrong ? [] : verdict.loaded.filter(isInVram).map(({ name }) => name);
      const next = { ...state, figuresWrong, startRefuted: true };
      return lost(next, { shownBy: 'load', reason: verdict.reason }, now, inVram);
    }
  }
}

function afterProcess(state: GpuState, { process, wasAway }: GpuEvidence): GpuState {
  if (wasAway && process !== 'same') {
    return { ...state, verified: false, loss: null, figuresWrong: false, startRefuted: false };
  }
  if (process !== 'new') return state;
  return {
    ...state,
    verified: false,
    // A restart alone shows nothing: the GPU counts as lost until a load or the new process shows it.
    loss: state.loss && { ...state.loss, restarted: true, before: [] },
    figuresWrong: false,
    startRefuted: false,
  };
}

const isInVram = (model: LoadedModel) => model.vramBytes > 0;

/** Names of the models that are really in VRAM. A server may report some that its tools contradict. */
function modelsInVram({ figuresWrong }: GpuState, { loaded, usedBytes }: GpuEvidence): string[] {
  const reported = loaded.filter(isInVram);
  const bytes = reported.reduce((sum, model) => sum + model.vramBytes, 0);
  const contradicted = usedBytes !== null && usedBytes < bytes * LEAST_USED_SHARE;
  return figuresWrong || contradicted ? [] : reported.map(({ name }) => name);
}

/**
 * Whether a card has disappeared. Tools that never listed it may be unable to see it, unless a person says that there
 * is one and nothing else shows it (`expected`). A model in VRAM outweighs a tool that fails.
 */
function isMissing(
  tools: ToolReport,
  { cardSeen, inVram, expected }: { cardSeen: boolean; inVram: boolean; expected: boolean },
): boolean {
  switch (tools.kind) {
    case 'none':
      return cardSeen || expected;
    case 'integrated':
      return cardSeen;
    case 'failed':
      return cardSeen && !inVram;
    default:
      return false;
  }
}

function missingCard(state: GpuState, tools: ToolReport, now: number): GpuState {
  const since = state.missingSince ?? now;
  const refuted = { ...state, verified: false, startRefuted: true };
  if (now - since < TOOLS_CONFIRM_MS && state.loss === null) return refuted;
  const problem = tools.kind === 'none' || tools.kind === 'failed' ? tools.problem : '';
  const reason = fact('TOOLS_SEE_NO_GPU', { fails: tools.kind === 'failed', problem });
  return lost(refuted, { shownBy: 'tools', reason }, now, []);
}

/** A loss keeps its beginning when something else shows it, so that it is reported once. */
function lost(
  state: GpuState,
  shown: Pick<GpuLoss, 'shownBy' | 'reason'>,
  now: number,
  inVram: readonly string[],
): GpuState {
  const since = state.loss?.since ?? now;
  return {
    ...state,
    verified: false,
    known: true,
    loss: { ...shown, since, restarted: false, before: state.loss?.before ?? inVram },
  };
}

/** A model that left VRAM and comes back shows that the GPU is there. */
function continuing(loss: GpuLoss | null, inVram: readonly string[]): GpuLoss | null {
  if (loss === null || loss.before.length === 0) return loss;
  const before = loss.before.filter((name) => inVram.includes(name));
  return before.length === loss.before.length ? loss : { ...loss, before };
}

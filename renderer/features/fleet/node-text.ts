import type { NodeView } from '../../../shared/models/fleet.ts';
import type { MoveRecord } from '../../../shared/models/placement.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import { list } from '../../../shared/text/grammar.ts';
import { endProcesses } from '../../../shared/text/left-behind.ts';
import { formatDuration, formatMemory, plural } from '../../../shared/units.ts';
import { formatElapsed } from '../../components/time.tsx';
import { textOf } from '../../texts.ts';

/** `11.2 of 24 GB`, `24 GB in total` if its use is unknown, `11.2 GB, size unknown`, `size unknown`. */
export function vramText({
  totalBytes,
  usedBytes,
}: {
  totalBytes: number | null;
  usedBytes: number | null;
}): string {
  if (totalBytes === null) {
    return usedBytes ? `${formatMemory(usedBytes)} used, size unknown` : 'size unknown';
  }
  if (usedBytes === null) return `${formatMemory(totalBytes)} in total`;
  return `${formatMemory(usedBytes).replace(/^0 B$/, '0')} of ${formatMemory(totalBytes)}`;
}

/** Progress of a wake, 0 to 1, by the learned boot time; null before the first wake. Stays below 1 until the machine is up. */
export function wakeShare(wake: WakeProgress, now: number): number | null {
  if (wake.expectedMs === null) return null;
  const share = (now - wake.startedAt) / wake.expectedMs;
  return Math.min(0.97, Math.max(0.02, share));
}

/** How long a wake still takes, as text. */
export function wakeText(wake: WakeProgress, now: number): string {
  const elapsed = Math.max(0, now - wake.startedAt);
  if (wake.expectedMs === null) return `${formatElapsed(elapsed)}, first wake: learning its boot time`;
  const left = wake.expectedMs - elapsed;
  if (left > 0) return `usually ${formatDuration(wake.expectedMs)}, ≈ ${Math.ceil(left / 1000)} s left`;
  return `usually ${formatDuration(wake.expectedMs)}, taking longer this time`;
}

/** What the user has to add before Pilotlight can wake it. */
export function wakeHint(node: Pick<NodeView, 'mac'>): string {
  const missing = node.mac === null ? 'a MAC address' : 'a wake destination or another wake method';
  return `Add ${missing} so that Pilotlight can wake it`;
}

export const wakeSteps = [
  { step: 'packet-sent', label: 'Packet sent' },
  { step: 'answers', label: 'Answers' },
  { step: 'serves', label: 'Serves' },
  { step: 'gpu-verified', label: 'GPU verified' },
] as const;

/** Summary of all moves that one click on Force made. */
export function movesText(moves: readonly MoveRecord[]): string {
  if (moves.length === 0) return 'No priority model is loaded, so nothing was moved.';
  const moved = moves.filter((move) => move.outcome === 'moved');
  const unchanged = moves.filter((move) => move.outcome === 'already-right');
  if (moves.length === 1 && moves[0]) return textOf(moves[0].reason);
  const parts = [
    moved.length > 0 ? `${plural(moved.length, 'model')} moved` : '',
    unchanged.length > 0 ? `${plural(unchanged.length, 'model')} already there` : '',
  ].filter(Boolean);
  return `${parts.join(', ')}.`;
}

/** Refusals for lack of VRAM, the only ones that can be forced anyway. */
export function movesWithoutRoom(moves: readonly MoveRecord[]): MoveRecord[] {
  return moves.filter((move) => move.outcome === 'refused' && move.shortage !== undefined);
}

/** What to do about the missing VRAM, and what forcing the model anyway would do. */
export function shortageAdvice({ code, shortage }: Pick<MoveRecord, 'code' | 'shortage'>): {
  next: string;
  anyway: string;
} {
  const holders = shortage?.holders ?? [];
  const left = holders.flatMap(({ leftBehind }) => leftBehind ?? []);
  const names = holders
    .filter(({ leftBehind }) => leftBehind === undefined)
    .flatMap(({ name }) => name ?? [])
    .slice(0, 3);
  const evicts = shortage?.evicts ?? [];
  return {
    next: code === 'VRAM_TAKEN' ? freeVram(names, left) : 'Choose a smaller model or a shorter context.',
    anyway: `If you force it anyway, only part of it runs on the GPU${evicts.length === 0 ? '.' : `, and ${list(evicts)} may be unloaded.`}`,
  };
}

/** How to free VRAM: programs to close, by name, and processes to end, by id. */
function freeVram(names: readonly string[], left: readonly number[]): string {
  const end = left.length === 0 ? '' : endProcesses(left);
  if (names.length === 0 && left.length > 0) return `${end} Then try again.`;
  const close = `Close ${names.length === 0 ? 'the programs that use it' : list(names)} and try again.`;
  return left.length === 0 ? close : `${end} ${close}`;
}

/** `The last move to the GPU failed.` */
export const failedMoveText = ({ wanted, outcome }: Pick<MoveRecord, 'wanted' | 'outcome'>): string =>
  `The last move to the ${wanted === 'gpu' ? 'GPU' : 'CPU'} ${outcome === 'failed' ? 'failed' : 'was refused'}.`;

/** The first failed or refused move; null if there is none. */
export function failedMove(moves: readonly MoveRecord[]): MoveRecord | null {
  return moves.find((move) => move.outcome === 'failed' || move.outcome === 'refused') ?? null;
}

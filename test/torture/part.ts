/** What a part of the torture run is, and what it counts. */
import type { Random } from './random.ts';

/** Each must end at 0. */
export interface Tally {
  /** Calls, starts, kills: whatever this part repeats. */
  tried: number;
  /** A process that ended by itself, or an answer that says so (INTERNAL). */
  crashes: number;
  /** No answer, no start or no end in time. */
  hangs: number;
  /** What was acknowledged, or was undamaged, and is missing. */
  lost: number;
  /** What is missing or wrong without a notice. */
  silent: number;
  /** The first ones, for a person. */
  findings: string[];
}

export type Fault = 'crashes' | 'hangs' | 'lost' | 'silent';

export interface TortureContext {
  random: Random;
  /** Times how often each part repeats; 1 is the whole run. */
  scale: number;
  /** A folder of this part's own. */
  folder: string;
  signal: AbortSignal;
  note(text: string): void;
}

export interface Part {
  name: string;
  summary: string;
  run(context: TortureContext): Promise<Tally>;
}

const MOST_FINDINGS = 25;

export function createTally() {
  const tally: Tally = { tried: 0, crashes: 0, hangs: 0, lost: 0, silent: 0, findings: [] };
  const seen = new Map<string, number>();
  return {
    tally,
    tried: (count = 1) => {
      tally.tried += count;
    },
    /** `kind` groups findings: only the first two of a kind are kept in full. */
    find(fault: Fault, kind: string, detail = ''): void {
      tally[fault] += 1;
      const count = (seen.get(kind) ?? 0) + 1;
      seen.set(kind, count);
      if (count <= 2 && tally.findings.length < MOST_FINDINGS) {
        tally.findings.push(`${fault}: ${kind}${detail === '' ? '' : ` (${detail.slice(0, 400)})`}`);
      }
    },
  };
}

export type TallyBook = ReturnType<typeof createTally>;

/** At least one, whatever the scale. */
export const times = (context: Pick<TortureContext, 'scale'>, count: number): number =>
  Math.max(1, Math.round(count * context.scale));

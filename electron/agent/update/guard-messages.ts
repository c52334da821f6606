/** What a guard and the agent that it started say to each other, over the channel of the process. */
import type { SentProgram } from './record.ts';

/** Set for an agent that has a guard. */
export const GUARDED = 'PILOTLIGHT_GUARD';

export type ToGuard =
  /** Every port answers. */
  | { say: 'listening' }
  /** End this agent and start that program. */
  | { say: 'start'; program: SentProgram };

/** To end gracefully: Windows has no signal for it. */
export type FromGuard = { say: 'stop' };

export function readToGuard(message: unknown): ToGuard | null {
  const { say, program } = Object(message) as { say?: unknown; program?: Partial<SentProgram> };
  if (say === 'listening') return { say };
  const { version, name } = Object(program) as Partial<SentProgram>;
  return say === 'start' && typeof version === 'string' && typeof name === 'string'
    ? { say, program: { version, name } }
    : null;
}

export const isStop = (message: unknown): message is FromGuard =>
  (Object(message) as { say?: unknown }).say === 'stop';

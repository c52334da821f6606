import type { ReactNode } from 'react';
import type { Draft } from './draft.ts';

/** The props of each wizard step. */
export interface StepProps {
  draft: Draft;
  /** Updates the draft. */
  update(change: (draft: Draft) => Draft): void;
  onClose(): void;
  /** The button that goes one step back or starts over. */
  back: ReactNode;
}

import type { ReactNode } from 'react';
import type { Draft } from './draft.ts';

/** What each step of the wizard is given. */
export interface StepProps {
  draft: Draft;
  /** Changes what is known. */
  update(change: (draft: Draft) => Draft): void;
  onClose(): void;
  /** The button that goes one step back, or that begins anew. */
  back: ReactNode;
}

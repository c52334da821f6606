import type { MovePreview } from '../../../shared/models/move-preview.ts';

/** Whether a person should decide before the move: it unloads something, somebody waits for it, or it will not last. */
export function hasConsequences({ outcome, evicts, waits, otherPanels, warnings }: MovePreview): boolean {
  // Why nothing would be done is what the move itself says.
  if (outcome !== 'move') return false;
  return (
    evicts.length > 0 ||
    waits.some(({ inFlight, queued }) => inFlight > 0 || queued > 0) ||
    (otherPanels ?? []).length > 0 ||
    warnings.some(({ code }) => code !== 'OTHER_PANELS_UNKNOWN')
  );
}

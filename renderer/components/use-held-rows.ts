import { useCallback, useMemo, useState } from 'react';
import { type HeldList, heldRows } from './held-rows.ts';

/** The rows to show: as they are, or in the order that was there when somebody came into the list. */
export function useHeldRows<Row extends { id: string }>(
  current: readonly Row[],
  entries: Readonly<Record<string, Row>>,
): HeldList<Row> & { hold(on: boolean): void; release(): void } {
  const [held, setHeld] = useState<readonly Row[] | null>(null);
  const hold = useCallback(
    (on: boolean) => setHeld((before) => (on ? (before ?? current) : null)),
    [current],
  );
  const release = useCallback(() => setHeld(null), []);
  const shown = useMemo(
    () => (held === null ? { rows: current, more: 0 } : heldRows(held, current, entries)),
    [held, current, entries],
  );
  return { ...shown, hold, release };
}

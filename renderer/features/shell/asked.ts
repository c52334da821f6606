import { create } from 'zustand';
import type { MoveRecord } from '../../../shared/models/placement.ts';

/** A dialog that can be opened from anywhere: the palette, the first run, a shortcut. */
export type Asked =
  | { dialog: 'palette' }
  | { dialog: 'node' }
  | { dialog: 'folder' }
  | { dialog: 'keep'; nodeId: string }
  | { dialog: 'model'; nodeId: string; model: string }
  | { dialog: 'force'; moves: readonly MoveRecord[] };

/** `at`: the hash of the page it was opened on; it closes when the page changes. */
export const useAsked = create<{ asked: Asked | null; at: string }>()(() => ({ asked: null, at: '' }));

export function ask(asked: Asked): void {
  useAsked.setState({ asked, at: location.hash });
}

export function stopAsking(): void {
  useAsked.setState({ asked: null });
}

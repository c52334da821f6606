import { create } from 'zustand';
import type { MoveRecord } from '../../../shared/models/placement.ts';

/** A dialog of the frame that was asked for from anywhere: the palette, the first run, a key. */
export type Asked =
  | { dialog: 'palette' }
  | { dialog: 'node' }
  | { dialog: 'folder' }
  | { dialog: 'keep'; nodeId: string }
  | { dialog: 'model'; nodeId: string; model: string }
  | { dialog: 'force'; moves: readonly MoveRecord[] };

/** `at`: the address of the page that it was asked for on; it does not follow to another. */
export const useAsked = create<{ asked: Asked | null; at: string }>()(() => ({ asked: null, at: '' }));

export function ask(asked: Asked): void {
  useAsked.setState({ asked, at: location.hash });
}

export function stopAsking(): void {
  useAsked.setState({ asked: null });
}

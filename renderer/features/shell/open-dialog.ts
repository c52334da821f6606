import { create } from 'zustand';
import type { MoveRecord } from '../../../shared/models/placement.ts';

/** A dialog that can be opened from anywhere: the palette, the first run, a shortcut. */
export type SharedDialog =
  | { dialog: 'palette' }
  | { dialog: 'node' }
  | { dialog: 'folder' }
  | { dialog: 'keep' | 'why' | 'edit-node' | 'faults'; nodeId: string }
  | { dialog: 'remove-node'; nodeId: string; leaves: boolean }
  | { dialog: 'model'; nodeId: string; model: string }
  | { dialog: 'cancel-run'; jobId: string }
  | { dialog: 'pull'; model: string; from: string | null }
  | { dialog: 'force'; moves: readonly MoveRecord[] };

/** `at`: the hash of the page it was opened on; it closes when the page changes. */
export const useOpenDialog = create<{ asked: SharedDialog | null; at: string }>()(() => ({
  asked: null,
  at: '',
}));

export function openDialog(asked: SharedDialog): void {
  useOpenDialog.setState({ asked, at: location.hash });
}

export function closeDialog(): void {
  useOpenDialog.setState({ asked: null });
}

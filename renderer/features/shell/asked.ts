import { create } from 'zustand';

/** A dialog of the frame that was asked for from anywhere: the palette, the first run, a key. */
export type Asked =
  | { dialog: 'palette' }
  | { dialog: 'node' }
  | { dialog: 'folder' }
  | { dialog: 'keep'; nodeId: string }
  | { dialog: 'model'; nodeId: string; model: string };

export const useAsked = create<{ asked: Asked | null }>()(() => ({ asked: null }));

export function ask(asked: Asked): void {
  useAsked.setState({ asked });
}

export function stopAsking(): void {
  useAsked.setState({ asked: null });
}

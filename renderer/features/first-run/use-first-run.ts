import { create } from 'zustand';
import { useFleet } from '../../stores/fleet.ts';
import { useSources } from '../../stores/sources.ts';

const key = 'pilotlight.first-run';

const useDismissed = create<{ dismissed: boolean }>()(() => ({
  dismissed: globalThis.localStorage?.getItem(key) === 'dismissed',
}));

/** Hides the first-run screen for good. */
export function dismissFirstRun(): void {
  localStorage.setItem(key, 'dismissed');
  useDismissed.setState({ dismissed: true });
}

/** True while there is only this computer, no folder, and the screen was not dismissed. */
export function useFirstRun(): boolean {
  const alone = useFleet(
    (state) => state.ready && Object.values(state.entries).every((node) => node.kind === 'this-computer'),
  );
  const noSources = useSources((state) => state.ready && state.keys.length === 0);
  const dismissed = useDismissed((state) => state.dismissed);
  return alone && noSources && !dismissed;
}

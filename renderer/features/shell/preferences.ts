/** Appearance preferences, stored in this browser only. */
import { create } from 'zustand';

export const themes = ['system', 'dark', 'light'] as const;
export type Theme = (typeof themes)[number];
export const densities = ['comfortable', 'compact'] as const;
export type Density = (typeof densities)[number];

/** How the Fleet page shows machines; `auto` goes by their number. */
export const fleetViews = ['auto', 'cards', 'rows'] as const;
export type FleetView = (typeof fleetViews)[number];

export interface Preferences {
  theme: Theme;
  density: Density;
  fleet: FleetView;
}

const key = 'pilotlight.preferences';
const atFirst: Preferences = { theme: 'system', density: 'comfortable', fleet: 'auto' };

/** Parses stored preferences; unknown or damaged values get their defaults. */
export function parsePreferences(text: string | null): Preferences {
  try {
    const kept: unknown = JSON.parse(text ?? '{}');
    if (typeof kept !== 'object' || kept === null) return atFirst;
    const { theme, density, fleet } = kept as Record<string, unknown>;
    return {
      theme: themes.find((one) => one === theme) ?? atFirst.theme,
      density: densities.find((one) => one === density) ?? atFirst.density,
      fleet: fleetViews.find((one) => one === fleet) ?? atFirst.fleet,
    };
  } catch {
    return atFirst;
  }
}

export const usePreferences = create<Preferences>()(() => atFirst);

const grounds = { dark: '#0d0f12', light: '#f6f4f0' };

function apply({ theme, density }: Preferences): void {
  const { dataset } = document.documentElement;
  dataset.theme = theme;
  dataset.density = density;
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own = meta.media.includes('dark') ? 'dark' : 'light';
    meta.content = grounds[theme === 'system' ? own : theme];
  }
}

/** Applies them before the first paint, to avoid a flash, and whenever another tab changes them. */
export function startPreferences(): void {
  usePreferences.setState(parsePreferences(localStorage.getItem(key)));
  apply(usePreferences.getState());
  usePreferences.subscribe(apply);
  addEventListener('storage', (event) => {
    if (event.key === key) usePreferences.setState(parsePreferences(event.newValue));
  });
}

export function setPreferences(patch: Partial<Preferences>): void {
  usePreferences.setState(patch);
  localStorage.setItem(key, JSON.stringify(usePreferences.getState()));
}

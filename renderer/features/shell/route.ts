import { Activity, Boxes, type LucideIcon, Search, Server, Settings } from 'lucide-react';
import { useSyncExternalStore } from 'react';

export const pages = ['fleet', 'models', 'index', 'activity', 'settings'] as const;
export type PageName = (typeof pages)[number];

export const pageTitles: Record<PageName, { title: string; Icon: LucideIcon }> = {
  fleet: { title: 'Fleet', Icon: Server },
  models: { title: 'Models', Icon: Boxes },
  index: { title: 'Index', Icon: Search },
  activity: { title: 'Activity', Icon: Activity },
  settings: { title: 'Settings', Icon: Settings },
};

export const pageHref = (page: PageName) => `#/${page}`;

/** `#/models` → `models`; anything else is the Fleet. */
export function pageFromHash(hash: string): PageName {
  const name = hash.replace(/^#\/?/, '').split(/[/?]/)[0];
  return pages.find((page) => page === name) ?? 'fleet';
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

export function usePage(): PageName {
  return useSyncExternalStore(subscribe, () => pageFromHash(location.hash));
}

export function goTo(page: PageName): void {
  location.hash = pageHref(page);
}

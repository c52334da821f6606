import { Activity, Boxes, type LucideIcon, Search, Server, Settings } from 'lucide-react';
import { useSyncExternalStore } from 'react';

/** What stands in the rail. */
export const pages = ['fleet', 'models', 'index', 'activity', 'settings'] as const;
/** A node's own page is reached from the Fleet, so the rail counts it as a part of that. */
export type PageName = (typeof pages)[number] | 'node';

export const pageTitles: Record<(typeof pages)[number], { title: string; Icon: LucideIcon }> = {
  fleet: { title: 'Fleet', Icon: Server },
  models: { title: 'Models', Icon: Boxes },
  index: { title: 'Index', Icon: Search },
  activity: { title: 'Activity', Icon: Activity },
  settings: { title: 'Settings', Icon: Settings },
};

export interface Route {
  page: PageName;
  /** What follows the page: the id of a node, of a job, or the path of a setting. Empty for the page itself. */
  id: string;
}

export const pageHref = (page: (typeof pages)[number]) => `#/${page}`;
export const nodeHref = (nodeId: string) => `#/node/${encodeURIComponent(nodeId)}`;
export const jobHref = (jobId: string) => `#/index/${encodeURIComponent(jobId)}`;
export const settingHref = (path: string) => `#/settings/${encodeURIComponent(path)}`;

/** `#/node/tower` → its page and id; anything unknown is the Fleet. */
export function routeFromHash(hash: string): Route {
  const [path = ''] = hash.replace(/^#\/?/, '').split('?');
  const [name, id = ''] = path.split('/');
  if (name === 'node' && id !== '') return { page: 'node', id: decode(id) };
  const page = pages.find((one) => one === name);
  return page ? { page, id: decode(id) } : { page: 'fleet', id: '' };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A person may type a stray % into the address.
    return part;
  }
}

/** `#/models` → `models`; anything else is the Fleet. */
export function pageFromHash(hash: string): PageName {
  return routeFromHash(hash).page;
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

export function usePage(): PageName {
  return useSyncExternalStore(subscribe, () => routeFromHash(location.hash).page);
}

/** What follows the page in the address, as in `#/node/ID`. */
export function useRouteId(): string {
  return useSyncExternalStore(subscribe, () => routeFromHash(location.hash).id);
}

export function goTo(page: (typeof pages)[number]): void {
  location.hash = pageHref(page);
}

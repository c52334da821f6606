import {
  Activity,
  ArrowLeftRight,
  Boxes,
  CircuitBoard,
  FolderSearch,
  ListTodo,
  type LucideIcon,
  Search,
  Server,
  Settings,
} from 'lucide-react';
import { useHash } from '../../components/use-address.ts';

export const pages = [
  'fleet',
  'models',
  'search',
  'index',
  'tasks',
  'requests',
  'runner',
  'activity',
  'settings',
] as const;
export type PageName = (typeof pages)[number];

export const pageTitles: Record<PageName, { title: string; Icon: LucideIcon }> = {
  fleet: { title: 'Fleet', Icon: Server },
  models: { title: 'Models', Icon: Boxes },
  search: { title: 'Search', Icon: Search },
  index: { title: 'Index', Icon: FolderSearch },
  tasks: { title: 'Tasks', Icon: ListTodo },
  requests: { title: 'Requests', Icon: ArrowLeftRight },
  runner: { title: 'Runner', Icon: CircuitBoard },
  activity: { title: 'Activity', Icon: Activity },
  settings: { title: 'Settings', Icon: Settings },
};

export const pageHref = (page: PageName) => `#/${page}`;
export const nodeTabs = ['overview', 'models', 'gpu', 'power', 'activity', 'diagnosis'] as const;
export type NodeTab = (typeof nodeTabs)[number];
export const nodeHref = (nodeId: string, tab: NodeTab = 'overview') =>
  `#/node/${encodeURIComponent(nodeId)}${tab === 'overview' ? '' : `?tab=${tab}`}`;
export const runHref = (jobId: string) => `#/index?run=${encodeURIComponent(jobId)}`;
export const requestHref = (requestId: string) => `#/requests?request=${encodeURIComponent(requestId)}`;
export const taskHref = (taskId: string) => `#/tasks?task=${encodeURIComponent(taskId)}`;
export const tasksHref = (part: 'tasks' | 'workers' | 'texts') =>
  part === 'tasks' ? '#/tasks' : `#/tasks?view=${part}`;
export type RunnerPart = 'runners' | 'models' | 'try';
export const runnerHref = (part: RunnerPart, nodeId: string | null = null) => {
  const query = new URLSearchParams();
  if (part !== 'runners') query.set('view', part);
  if (nodeId !== null) query.set('on', nodeId);
  return query.size === 0 ? '#/runner' : `#/runner?${query}`;
};
export const settingHref = (path: string) => `#/settings?setting=${encodeURIComponent(path)}`;

/** `#/models` → `models`; a node's page belongs to the Fleet, and anything unknown is the Fleet. */
export function pageFromHash(hash: string): PageName {
  const name = hash.replace(/^#\/?/, '').split(/[/?]/)[0];
  return pages.find((page) => page === name) ?? 'fleet';
}

/** `#/node/gpu-tower` → `gpu-tower`; null on every other page. */
export function nodeFromHash(hash: string): string | null {
  return decoded(/^#\/?node\/([^/?]+)/.exec(hash)?.[1]);
}

/** `#/node/gpu-tower?tab=gpu` → `gpu`; the overview where none is named. */
export function nodeTabFromHash(hash: string): NodeTab {
  const named = /^#\/?node\/[^?]+\?(?:.*&)?tab=([^&]+)/.exec(hash)?.[1];
  return nodeTabs.find((tab) => tab === named) ?? 'overview';
}

/** `#/index?run=7f3` → `7f3`; null when no run is named. */
export function runFromHash(hash: string): string | null {
  return decoded(/^#\/?index\?(?:.*&)?run=([^&]+)/.exec(hash)?.[1]);
}

function decoded(text: string | undefined): string | null {
  if (text === undefined) return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

export const usePage = (): PageName => useHash(pageFromHash);

/** The node whose page is open, else null. */
export const useNodeInHash = (): string | null => useHash(nodeFromHash);

export const useNodeTabInHash = (): NodeTab => useHash(nodeTabFromHash);

/** The run that the Index page is asked to show, else null. */
export const useRunInHash = (): string | null => useHash(runFromHash);

export function goTo(page: PageName): void {
  location.hash = pageHref(page);
}

import type { ActivityEntry, ActivityKind } from '../../../shared/models/activity.ts';
import { fieldsOf, hashWith } from '../../components/hash.ts';
import { textOf, textOrEmpty } from '../../texts.ts';

export type Severity = ActivityEntry['severity'];

export const kindNames: Record<ActivityKind, string> = {
  fleet: 'Fleet',
  power: 'Power',
  placement: 'Placement',
  optimizer: 'Optimizer',
  index: 'Index',
  search: 'Search',
  tasks: 'Tasks',
  settings: 'Settings',
  system: 'Pilotlight',
};

const severityOrder: readonly Severity[] = ['error', 'warning', 'success', 'info'];

export interface ActivityFilter {
  /** Empty for all. */
  kinds: ReadonlySet<ActivityKind>;
  severities: ReadonlySet<Severity>;
  /** A node, or null for all. */
  nodeId: string | null;
  text: string;
}

export const noFilter: ActivityFilter = { kinds: new Set(), severities: new Set(), nodeId: null, text: '' };

export function isFiltered({ kinds, severities, nodeId, text }: ActivityFilter): boolean {
  return kinds.size > 0 || severities.size > 0 || nodeId !== null || text.trim() !== '';
}

/** The entries that match every filter and contain each word of the text. */
export function filterEntries(entries: readonly ActivityEntry[], filter: ActivityFilter): ActivityEntry[] {
  const terms = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter((entry) => {
    if (filter.kinds.size > 0 && !filter.kinds.has(entry.kind)) return false;
    if (filter.severities.size > 0 && !filter.severities.has(entry.severity)) return false;
    if (filter.nodeId !== null && entry.nodeId !== filter.nodeId) return false;
    if (terms.length === 0) return true;
    const text = `${textOf(entry.message)} ${textOrEmpty(entry.why)}`.toLowerCase();
    return terms.every((word) => text.includes(word));
  });
}

/** `#/activity?kind=power,index&severity=error&on=gpu-tower&q=…`. Unknown values are ignored. */
export function readAddress(hash: string): ActivityFilter {
  const fields = fieldsOf('activity', hash);
  const kinds = new Set(fields.get('kind')?.split(','));
  const severities = new Set(fields.get('severity')?.split(','));
  return {
    kinds: new Set((Object.keys(kindNames) as ActivityKind[]).filter((kind) => kinds.has(kind))),
    severities: new Set(severityOrder.filter((severity) => severities.has(severity))),
    nodeId: fields.get('on') || null,
    text: (fields.get('q') ?? '').slice(0, 200),
  };
}

export const addressHash = ({ kinds, severities, nodeId, text }: ActivityFilter): string =>
  hashWith('#/activity', {
    kind: (Object.keys(kindNames) as ActivityKind[]).filter((kind) => kinds.has(kind)).join(',') || null,
    severity: severityOrder.filter((severity) => severities.has(severity)).join(',') || null,
    on: nodeId,
    q: text || null,
  });

import type { ActivityEntry, ActivityKind } from '../../../shared/models/activity.ts';
import { textOf, textOrEmpty } from '../../texts.ts';

export type Severity = ActivityEntry['severity'];

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

import type { NodeView } from '../../../shared/models/fleet.ts';
import type { InstalledModel, ModelOnNode } from '../../../shared/models/placement.ts';

/** A model on a node: loaded, or only on disk. */
export interface Cell {
  loaded: ModelOnNode | null;
  installed: InstalledModel | null;
}

export interface MatrixRow {
  model: string;
  /** The pattern that makes it a priority model; null if none does. */
  pattern: string | null;
  /** By node id; absent if the node does not have it. */
  cells: Readonly<Record<string, Cell>>;
}

/** `llama3.1:8b` → `llama3.1`. */
export function withoutTag(name: string): string {
  const slash = name.lastIndexOf('/');
  const colon = name.indexOf(':', slash + 1);
  return colon < 0 ? name : name.slice(0, colon);
}

/** The first pattern that matches this model, with or without its tag; `*` matches any text. */
export function priorityPattern(name: string, patterns: readonly string[]): string | null {
  const bare = withoutTag(name).toLowerCase();
  const whole = name.toLowerCase();
  for (const pattern of patterns) {
    const wanted = pattern.toLowerCase();
    if (wanted === bare || wanted === whole) return pattern;
    if (wanted.includes('*')) {
      const expression = wanted
        .split('*')
        .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*');
      if (new RegExp(`^${expression}$`).test(bare) || new RegExp(`^${expression}$`).test(whole))
        return pattern;
    }
  }
  return null;
}

/** Rows: priority models first, then loaded ones, then by name. */
export function buildMatrix(nodes: readonly NodeView[], patterns: readonly string[]): MatrixRow[] {
  const rows = new Map<string, { cells: Record<string, Cell>; loaded: number }>();
  const row = (model: string) => {
    const known = rows.get(model);
    if (known) return known;
    const fresh: { cells: Record<string, Cell>; loaded: number } = { cells: {}, loaded: 0 };
    rows.set(model, fresh);
    return fresh;
  };
  for (const node of nodes) {
    for (const installed of node.installed) row(installed.name).cells[node.id] = { loaded: null, installed };
    for (const loaded of node.loaded) {
      const entry = row(loaded.name);
      entry.loaded += 1;
      entry.cells[node.id] = { loaded, installed: entry.cells[node.id]?.installed ?? null };
    }
  }
  return [...rows]
    .map(([model, { cells, loaded }]) => ({
      model,
      cells,
      loaded,
      pattern: priorityPattern(model, patterns),
    }))
    .toSorted(
      (a, b) =>
        Number(b.pattern !== null) - Number(a.pattern !== null) ||
        Number(b.loaded > 0) - Number(a.loaded > 0) ||
        a.model.localeCompare(b.model),
    )
    .map(({ model, cells, pattern }) => ({ model, cells, pattern }));
}

/** The patterns after a click on a model’s star; null if a wildcard pattern matches it, which only Settings can change. */
export function togglePriority(model: string, patterns: readonly string[]): string[] | null {
  const holding = priorityPattern(model, patterns);
  if (holding === null) return [...patterns, model.endsWith(':latest') ? withoutTag(model) : model];
  if (holding.includes('*')) return null;
  return patterns.filter((pattern) => pattern !== holding);
}

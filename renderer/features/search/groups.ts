/** Hits by file. Pure. */
import type { SearchHit } from '../../../shared/models/indexing.ts';

export interface FileHits {
  key: string;
  /** Best first. */
  hits: readonly [SearchHit, ...SearchHit[]];
}

/** Files by their best hit. */
export function groupHits(hits: readonly SearchHit[]): FileHits[] {
  const groups = new Map<string, [SearchHit, ...SearchHit[]]>();
  for (const hit of hits) {
    const key = JSON.stringify([hit.sourceId, hit.path]);
    const group = groups.get(key);
    if (group) group.push(hit);
    else groups.set(key, [hit]);
  }
  return [...groups].map(([key, group]) => ({ key, hits: group }));
}

/** A path as its name and the folders before it. */
export function pathParts(path: string): { name: string; folder: string } {
  const at = path.lastIndexOf('/');
  return { name: path.slice(at + 1), folder: at < 0 ? '' : path.slice(0, at) };
}

/** The state of the Search page in its address. Pure. */
import type { FileType, SearchHit } from '../../../shared/models/indexing.ts';
import type { Place } from '../../../shared/models/places.ts';
import { fieldsOf, hashWith } from '../../components/hash.ts';

/** A passage that is shown, by the file and its bytes; and where in its source the match is, if that has no name. */
export type Opened = Pick<SearchHit, 'sourceId' | 'path' | 'startByte' | 'endByte' | 'place'>;

export interface SearchAddress {
  text: string;
  /** null for all. */
  sourceId: string | null;
  type: FileType | null;
  opened: Opened | null;
}

export const fileTypes: readonly FileType[] = ['markdown', 'page', 'code', 'text', 'document'];

export const emptySearch: SearchAddress = { text: '', sourceId: null, type: null, opened: null };

export function readSearch(hash: string): SearchAddress {
  const named = fieldsOf('search', hash);
  return {
    text: (named.get('q') ?? '').slice(0, 2000),
    sourceId: named.get('in'),
    type: fileTypes.find((type) => type === named.get('type')) ?? null,
    opened: openedIn(named),
  };
}

function openedIn(named: URLSearchParams): Opened | null {
  const [sourceId, path] = [named.get('of'), named.get('file')];
  if (!sourceId || !path) return null;
  const bytes = /^(\d{1,12})-(\d{1,12})$/.exec(named.get('at') ?? '');
  const place = placeIn(named.get('place') ?? '');
  const passage = { sourceId, path, startByte: Number(bytes?.[1] ?? 0), endByte: Number(bytes?.[2] ?? 0) };
  return place === null ? passage : { ...passage, place };
}

function placeIn(text: string): Place | null {
  const [, word, number] = /^([a-z]{1,10}):(\d{1,9}(?:\.\d{1,3})?)$/.exec(text) ?? [];
  const kind = placeKinds.find((one) => one === word);
  return kind === undefined ? null : { kind, number: Number(number), name: null };
}

const placeKinds: readonly Place['kind'][] = ['page', 'slide', 'sheet', 'chapter', 'time'];

export function searchHash({ text, sourceId, type, opened }: SearchAddress): string {
  const place = opened?.place?.name === null ? opened.place : null;
  return hashWith('#/search', {
    q: text || null,
    in: sourceId,
    type,
    of: opened?.sourceId ?? null,
    file: opened?.path ?? null,
    at: opened === null ? null : `${opened.startByte}-${opened.endByte}`,
    place: place === null ? null : `${place.kind}:${place.number}`,
  });
}

export const isSame = (a: Opened | null, b: Opened | null): boolean =>
  a !== null &&
  b !== null &&
  a.sourceId === b.sourceId &&
  a.path === b.path &&
  a.startByte === b.startByte &&
  a.endByte === b.endByte;

/** What the door must know of a form, whose bytes it passes on as they are. */
import { neededGraphs, readPredictEntries } from '../../../shared/contract/immich.ts';
import type { PredictNeed } from '../../core/ports/immich-door.ts';
import { refused } from './refusals.ts';

const MOST_PARTS = 34;
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * `ocr` for a request that no runner can serve. Throws a DoorRefusal: PREDICT_BAD_FORM, PREDICT_BAD_ENTRIES,
 * PREDICT_NOTHING_GIVEN. In the same order as the runner, so that the door answers as it does.
 */
export function readNeed(contentType: string, body: Buffer): PredictNeed | 'ocr' {
  const parts = partsOf(contentType, body);
  const read = readPredictEntries(parts.get('entries')?.toString('utf8'));
  if ('problems' in read) throw refused('PREDICT_BAD_ENTRIES', read.problems.join(' '));
  const hasImage = parts.has('image');
  // An empty field counts as a missing one.
  const hasText = (parts.get('text')?.length ?? 0) > 0;
  if (!hasImage && !hasText) throw refused('PREDICT_NOTHING_GIVEN');
  if (read.entries.ocr !== undefined) return 'ocr';
  const { clip, 'facial-recognition': faces } = read.entries;
  const needsImage = clip?.visual !== undefined || faces !== undefined;
  if ((needsImage && !hasImage) || (clip?.textual !== undefined && !hasText)) {
    throw refused('PREDICT_NOTHING_GIVEN');
  }
  return { kind: needsImage ? 'picture' : 'text', graphs: neededGraphs(read.entries) };
}

/** Fields by name; of several with one name, the last one. They share the memory of the body. */
function partsOf(contentType: string, body: Buffer): Map<string, Buffer> {
  const boundary = /^multipart\/form-data\b.*;\s*boundary=(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))/i.exec(
    contentType,
  );
  if (boundary === null) throw refused('PREDICT_BAD_FORM');
  const mark = Buffer.from(`--${boundary[1] ?? boundary[2]}`);
  const parts = new Map<string, Buffer>();
  let at = body.indexOf(mark);
  if (at > 0 && body.subarray(at - 2, at).toString('latin1') !== '\r\n') throw refused('PREDICT_BAD_FORM');
  for (let count = 0; at >= 0 && count < MOST_PARTS; count += 1) {
    const start = at + mark.length;
    const next = body.subarray(start, start + 2).toString('latin1');
    if (next === '--') return parts;
    const headEnd = body.indexOf(HEAD_END, start);
    const end = headEnd < 0 ? -1 : body.indexOf(Buffer.concat([Buffer.from('\r\n'), mark]), headEnd + 2);
    if (next !== '\r\n' || end < 0) throw refused('PREDICT_BAD_FORM');
    const name = nameOf(body.subarray(start, headEnd).toString('latin1'));
    if (name !== null) parts.set(name, body.subarray(headEnd + HEAD_END.length, end));
    at = end + 2;
  }
  throw refused('PREDICT_BAD_FORM');
}

function nameOf(head: string): string | null {
  const line = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? '';
  const name = /;\s*name=(?:"([^"]*)"|([^\s;]+))/i.exec(line);
  return name === null ? null : (name[1] ?? name[2] ?? null);
}

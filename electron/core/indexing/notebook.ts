/**
 * The cells of a Jupyter notebook: text with its headings, and code. What a cell printed or drew is left out, because it
 * is the result of the code and not written by anyone. Pure.
 */
import { parseJson } from '../../../shared/json.ts';
import { appendString } from './json-text.ts';
import { walkStrings } from './json-walk.ts';
import { createMappedText, type MappedText } from './mapped-text.ts';
import { openFence } from './markdown-regions.ts';

interface Cell {
  type: string;
  /** The strings of its source, without their quotes. */
  sources: [start: number, end: number][];
}

/** Longer than any that a cell contains. */
function fenceFor(text: string): string {
  const longest = (text.match(/`{3,}/g) ?? []).reduce((most, { length }) => Math.max(most, length), 11);
  return '`'.repeat(longest + 1);
}

/** As Markdown, with each code cell in a fence. null for anything that is not a notebook. */
export function notebookText(text: string): MappedText | null {
  const root = parseJson(text);
  // Notebooks before 2015 have their cells in worksheets.
  if (typeof root !== 'object' || root === null || !('cells' in root || 'worksheets' in root)) return null;
  const out = createMappedText();
  const fence = fenceFor(text);
  for (const { type, sources } of cellsOf(text)) {
    const [first] = sources;
    const last = sources.at(-1);
    if (first === undefined || last === undefined) continue;
    const isCode = type !== 'markdown' && type !== 'heading';
    // Notebooks before 2015 have headings in cells of their own.
    const opening = isCode ? `${fence}\n` : type === 'heading' ? '## ' : '';
    out.append(`\n\n${opening}`, first[0], first[0]);
    for (const [start, end] of sources) appendString(out, text, start, end);
    // What a cell leaves open ends with it.
    const closing = isCode ? fence : openFence(decoded(text, sources));
    if (closing !== null) out.append(`\n${closing}`, last[1], last[1]);
  }
  return out.build();
}

function decoded(text: string, sources: Cell['sources']): string {
  const cell = createMappedText();
  for (const [start, end] of sources) appendString(cell, text, start, end);
  return cell.build().text;
}

function cellsOf(text: string): Iterable<Cell> {
  const cells = new Map<string, Cell>();
  walkStrings(text, (path, start, end) => {
    const at = path[0] === 'cells' ? 0 : path[0] === 'worksheets' && path[2] === 'cells' ? 2 : -1;
    if (at < 0) return;
    const place = path.slice(0, at + 2).join('/');
    const cell = cells.get(place) ?? { type: '', sources: [] };
    cells.set(place, cell);
    const field = path[at + 2];
    if (field === 'cell_type') cell.type = text.slice(start, end);
    // One string, or one for each line.
    if ((field === 'source' || field === 'input') && path.length <= at + 4) cell.sources.push([start, end]);
  });
  return cells.values();
}

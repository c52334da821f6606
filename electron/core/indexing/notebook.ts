/**
 * The cells of a Jupyter notebook: text with its headings, and code. What a cell printed or drew is left out, because it
 * is the result of the code and not written by anyone. Pure.
 */
import { parseJson } from '../../../shared/json.ts';
import { appendString } from './json-text.ts';
import { walkStrings } from './json-walk.ts';
import { createMappedText, type MappedText } from './mapped-text.ts';

interface Cell {
  type: string;
  /** The strings of its source, without their quotes. */
  sources: [start: number, end: number][];
}

/** Longer than any that code contains. */
const FENCE = '`'.repeat(12);

/** As Markdown, with each code cell in a fence. null for anything that is not a notebook. */
export function notebookText(text: string): MappedText | null {
  const root = parseJson(text);
  // Notebooks before 2015 have their cells in worksheets.
  if (typeof root !== 'object' || root === null || !('cells' in root || 'worksheets' in root)) return null;
  const out = createMappedText();
  for (const { type, sources } of cellsOf(text)) {
    const [first] = sources;
    const last = sources.at(-1);
    if (first === undefined || last === undefined) continue;
    const isCode = type !== 'markdown' && type !== 'heading';
    out.append(isCode ? `\n\n${FENCE}\n` : '\n\n', first[0], first[0]);
    for (const [start, end] of sources) appendString(out, text, start, end);
    if (isCode) out.append(`\n${FENCE}`, last[1], last[1]);
  }
  return out.build();
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

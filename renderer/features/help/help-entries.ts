/** The entries of the troubleshooting guide, from its Markdown. Pure. */

export interface HelpEntry {
  /** Its heading, without the codes. */
  title: string;
  /** The part of the guide. */
  part: string;
  /** Error codes that it explains. */
  codes: string[];
  /** Markdown, without the heading and the line of codes. */
  text: string;
}

const CODE = /\b[A-Z]{2,}(?:_[A-Z0-9]+)*\b/g;
const codesIn = (text: string) => text.match(CODE) ?? [];
/** `(WAKE_TIMEOUT, RELAY_FAILED)` at the end of a heading. */
const IN_BRACKETS = /\s*\(([A-Z][A-Z0-9_]+[^)]*)\)\s*$/;

/** An entry begins with a heading of the third level; one of the second is a part. `Codes:` begins a paragraph or a line. */
export function readHelp(markdown: string): HelpEntry[] {
  const entries: HelpEntry[] = [];
  let part = '';
  let lines: string[] = [];
  let heading: string | null = null;
  let fenced = false;

  function finish(): void {
    if (heading !== null) entries.push(entryOf(heading, part, lines.join('\n')));
    heading = null;
    lines = [];
  }

  for (const line of markdown.split('\n')) {
    if (line.startsWith('```')) fenced = !fenced;
    const level = fenced ? null : /^(#{1,3}) (.*)$/.exec(line);
    if (level === null) lines.push(line);
    else {
      finish();
      const [, marks = '', text = ''] = level;
      if (marks === '##') part = text.trim();
      if (marks === '###') heading = text.trim();
    }
  }
  finish();
  return entries;
}

function entryOf(heading: string, part: string, body: string): HelpEntry {
  const named = /(?:^|\n)Codes: ([A-Z0-9_,\s]+)\.(?=\n|$)/.exec(body);
  const bracketed = IN_BRACKETS.exec(heading)?.[1] ?? '';
  const whole = [...codesIn(bracketed), ...codesIn(named?.[1] ?? ''), ...codesIn(heading).filter(isCode)];
  return {
    title: heading.replace(IN_BRACKETS, ''),
    part,
    // What a text begins with in bold, or names before a colon, is explained by it, too.
    codes: [...new Set([...whole, ...explained(body)])],
    text: unwrapped((named === null ? body : body.replace(named[0], '')).trim()),
  };
}

/** A line that continues the paragraph before it: no list, heading, quote, table, fence or empty line. */
const CONTINUES = /^(?!\s*(?:[-*+>|#]|\d+[.)]|```|$))/;

/** Paragraphs as one line each: their file is wrapped at its own width. */
function unwrapped(text: string): string {
  const lines: string[] = [];
  let fenced = false;
  let mayContinue = false;
  for (const line of text.split('\n')) {
    const isFence = line.startsWith('```');
    if (!fenced && !isFence && mayContinue && CONTINUES.test(line))
      lines.push(`${lines.pop()} ${line.trim()}`);
    else lines.push(line);
    if (isFence) fenced = !fenced;
    mayContinue = !fenced && !isFence && line.trim() !== '' && !/^\s*[|#]/.test(line);
  }
  return lines.join('\n');
}

/** `GPU` is a word; `NOT_FOUND` and `PINNED` in brackets are codes. */
const isCode = (word: string) => word.includes('_');

/** `CODE: what it means`, and a list of codes before such a sentence. */
function explained(body: string): string[] {
  return [...body.matchAll(/(?:^|[\s*])([A-Z]+(?:_[A-Z0-9]+)+)\b/g)].map(([, code = '']) => code);
}

/** The entry for a code; null if the guide has none. One that has it in its heading comes first. */
export function helpFor(entries: readonly HelpEntry[], code: string): HelpEntry | null {
  return entries.find(({ codes }) => codes.includes(code)) ?? null;
}

/** The entries that contain every word, those with it in the title first. */
export function searchHelp(entries: readonly HelpEntry[], query: string): HelpEntry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text: string) => words.every((word) => text.toLowerCase().includes(word));
  const found = entries.filter(({ title, codes, part, text }) =>
    has(`${title} ${part} ${codes.join(' ')} ${text}`),
  );
  const first = (entry: HelpEntry) => Number(has(`${entry.title} ${entry.codes.join(' ')}`));
  return found.toSorted((a, b) => first(b) - first(a));
}

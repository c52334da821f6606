/** Ranks entries by how well they match the typed text. Pure, and fast enough to run on each key press. */

export interface Searchable {
  /** Stable across openings, so that recently used entries can be recognised. */
  id: string;
  title: string;
  /** Additional search terms, ranked below the title. */
  keywords: string;
  /** 0 to 9; breaks ties. */
  weight: number;
}

export interface Prepared<Entry extends Searchable> {
  entry: Entry;
  title: string;
  keywords: string;
}

export interface Ranked<Entry> {
  /** The best matches, up to the limit. */
  entries: Entry[];
  /** How many match. */
  total: number;
}

/** Lower case without accents, so that `buro` finds `Büro`. */
export function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Runs once when the palette opens, so that a key press costs only the comparison. */
export function prepare<Entry extends Searchable>(entries: readonly Entry[]): Prepared<Entry>[] {
  return entries.map((entry) => ({ entry, title: fold(entry.title), keywords: fold(entry.keywords) }));
}

const tiers = { prefix: 5, wordStart: 4, otherWord: 3, inside: 2, letters: 1, none: 0 };

/**
 * The entries that match every typed word: at the start of the title, then at the start of a word in it, then of a
 * keyword, then inside the title, then as letters in that order. The weakest match decides; recently used entries come
 * first among equals. Without input: recently used entries, then all in their order.
 */
export function rank<Entry extends Searchable>(
  prepared: readonly Prepared<Entry>[],
  query: string,
  { recent, limit }: { recent: readonly string[]; limit: number },
): Ranked<Entry> {
  const tokens = fold(query).split(/\s+/).filter(Boolean);
  const recency = new Map(recent.map((id, index) => [id, recent.length - index]));
  const scored: { entry: Entry; score: number; order: number }[] = [];
  for (const [order, one] of prepared.entries()) {
    const fit = fitOf(one, tokens);
    if (fit === 0) continue;
    const used = recency.get(one.entry.id) ?? 0;
    const score =
      tokens.length === 0
        ? used
        : fit + (used > 0 ? 60 + used : one.entry.weight * 5) - Math.min(one.title.length, 200) / 100;
    scored.push({ entry: one.entry, score, order });
  }
  scored.sort((a, b) => b.score - a.score || a.order - b.order);
  return { entries: scored.slice(0, limit).map(({ entry }) => entry), total: scored.length };
}

/** 0 if a word is missing. */
function fitOf({ title, keywords }: Prepared<Searchable>, tokens: readonly string[]): number {
  let worst = tiers.prefix;
  let sum = 0;
  for (const token of tokens) {
    const tier = tierOf(title, keywords, token);
    if (tier === tiers.none) return 0;
    worst = Math.min(worst, tier);
    sum += tier;
  }
  return tokens.length === 0 ? 1 : worst * 1000 + (sum / tokens.length) * 100;
}

function tierOf(title: string, keywords: string, token: string): number {
  if (title.startsWith(token)) return tiers.prefix;
  if (startsWord(title, token)) return tiers.wordStart;
  if (startsWord(keywords, token)) return tiers.otherWord;
  if (title.includes(token)) return tiers.inside;
  return token.length > 1 && hasLetters(title, token) ? tiers.letters : tiers.none;
}

function startsWord(text: string, token: string): boolean {
  for (let at = text.indexOf(token); at !== -1; at = text.indexOf(token, at + 1)) {
    if (at === 0 || !isWordLetter(text.charCodeAt(at - 1))) return true;
  }
  return false;
}

/** Letters and digits; everything outside ASCII counts as a letter. */
function isWordLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code > 127;
}

function hasLetters(text: string, token: string): boolean {
  let from = 0;
  for (const letter of token) {
    from = text.indexOf(letter, from) + 1;
    if (from === 0) return false;
  }
  return true;
}

/**
 * The elements and texts of an XML part, one after the other. Linear in the length, and without a tree: depth costs
 * nothing. Document types are skipped, so that no entity is ever expanded. Pure.
 */

export interface XmlEvents {
  /** `name` has no prefix. `attribute` reads `id` with or without one, `:id` only with one; null if it is missing. */
  open?(name: string, attribute: (name: string) => string | null): void;
  /** Also after an element without content. */
  close?(name: string): void;
  text?(text: string): void;
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const REFERENCE = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]{2,4}));/g;
const NAME = /[^\s/>]*/y;

export function readXml(source: string, { open, close, text }: XmlEvents): void {
  const say = (from: number, to: number, decode: boolean) => {
    if (text !== undefined && to > from) {
      const written = source.slice(from, to);
      text(decode ? decodeReferences(written) : written);
    }
  };
  for (let at = 0; at < source.length; ) {
    const start = source.indexOf('<', at);
    if (start < 0) {
      say(at, source.length, true);
      return;
    }
    say(at, start, true);
    const next = source.charAt(start + 1);
    if (next === '/') {
      const end = endOf(source, '>', start);
      NAME.lastIndex = start + 2;
      close?.(localName(NAME.exec(source)?.[0] ?? ''));
      at = end;
    } else if (next === '!') {
      if (source.startsWith('<![CDATA[', start)) {
        const end = source.indexOf(']]>', start);
        say(start + 9, end < 0 ? source.length : end, false);
        at = end < 0 ? source.length : end + 3;
      } else if (source.startsWith('<!--', start)) at = endOf(source, '-->', start);
      else at = endOfDeclaration(source, start);
    } else if (next === '?') at = endOf(source, '?>', start);
    else {
      NAME.lastIndex = start + 1;
      const written = NAME.exec(source)?.[0] ?? '';
      if (written === '') {
        // A bracket that opens no tag.
        say(start, start + 1, false);
        at = start + 1;
        continue;
      }
      const end = endOfTag(source, start + 1 + written.length);
      const name = localName(written);
      const isEmpty = source.charAt(end - 2) === '/';
      if (open !== undefined) {
        const tag = source.slice(start + 1 + written.length, end);
        open(name, (wanted) => attributeOf(tag, wanted));
      }
      if (isEmpty) close?.(name);
      at = end;
    }
  }
}

export function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(REFERENCE, (written, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? written;
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    const isCharacter = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return isCharacter && (code >= 0x20 || code === 9 || code === 10 || code === 13)
      ? String.fromCodePoint(code)
      : '';
  });
}

const localName = (name: string) => name.slice(name.indexOf(':') + 1);

const patterns = new Map<string, RegExp>();

function attributeOf(tag: string, name: string): string | null {
  let pattern = patterns.get(name);
  if (pattern === undefined) {
    const prefix = name.startsWith(':') ? '[\\w.-]+' : '(?:[\\w.-]+:)?';
    pattern = new RegExp(`\\s${prefix}${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`);
    patterns.set(name, pattern);
  }
  const found = pattern.exec(tag);
  return found === null ? null : decodeReferences(found[1] ?? found[2] ?? '');
}

function endOf(source: string, mark: string, from: number): number {
  const end = source.indexOf(mark, from);
  return end < 0 ? source.length : end + mark.length;
}

/** A document type may contain declarations in square brackets. */
function endOfDeclaration(source: string, from: number): number {
  const end = endOf(source, '>', from);
  const bracket = source.slice(from, end).indexOf('[');
  if (bracket < 0) return end;
  return endOf(source, '>', endOf(source, ']', from + bracket) - 1);
}

/** A tag ends at its first `>` outside of quotes. */
function endOfTag(source: string, from: number): number {
  for (let at = from; at < source.length; ) {
    const close = source.indexOf('>', at);
    if (close < 0) return source.length;
    const quote = firstQuote(source, at, close);
    if (quote < 0) return close + 1;
    const partner = source.indexOf(source.charAt(quote), quote + 1);
    if (partner < 0) return close + 1;
    at = partner + 1;
  }
  return source.length;
}

function firstQuote(source: string, from: number, to: number): number {
  for (let at = from; at < to; at += 1) {
    const code = source.charCodeAt(at);
    if (code === 0x22 || code === 0x27) return at;
  }
  return -1;
}

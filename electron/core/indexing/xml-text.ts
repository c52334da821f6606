/**
 * The text of an XML document: between its tags, in its attributes and comments, with its references decoded. Linear in
 * the length, whatever is wrong with the document. Pure.
 */
import { createMappedText, type MappedText } from './mapped-text.ts';

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const REFERENCE = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z]{2,4}));/g;
const ATTRIBUTE = /(?<![\w:.-])([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
/** Names of other documents, and shapes, which are not searched for. */
const LEFT_OUT = /^(?:xmlns(?::.*)?|xsi:.*|d|points|transform|style|viewBox|id|rid|rsid\w*)$/;
const HAS_LETTERS = /\p{L}{2}/u;

export function xmlText(source: string): MappedText {
  const out = createMappedText();
  let pending = '';

  function breakWith(space: string): void {
    if (out.length > 0 && space.length > pending.length) pending = space;
  }
  function write(start: number, end: number, decode: boolean): void {
    const text = source.slice(start, end);
    if (text.trim() === '') {
      if (text !== '') breakWith(/\n\s*\n/.test(text) ? '\n\n' : '\n');
      return;
    }
    if (pending !== '') out.append(pending, start, start);
    pending = '';
    let from = start;
    if (decode) {
      for (const { 0: written, 1: decimal, 2: hex, 3: name, index } of text.matchAll(REFERENCE)) {
        const character = name === undefined ? characterOf(decimal, hex) : NAMED[name];
        if (character === undefined) continue;
        out.append(source.slice(from, start + index), from, start + index);
        out.append(character, start + index, start + index + written.length);
        from = start + index + written.length;
      }
    }
    out.append(source.slice(from, end), from, end);
  }

  for (let at = 0; at < source.length; ) {
    const open = openingFrom(source, at);
    write(at, open < 0 ? source.length : open, true);
    if (open < 0) break;
    const section = ['<!--', '<![CDATA[', '<?', '<!'].find((start) => source.startsWith(start, open));
    if (section === '<!--' || section === '<![CDATA[') {
      const mark = section === '<!--' ? '-->' : ']]>';
      const found = source.indexOf(mark, open + section.length);
      const end = found < 0 ? source.length : found;
      if (section === '<!--') breakWith('\n');
      write(open + section.length, end, false);
      if (section === '<!--') breakWith('\n');
      at = end + mark.length;
    } else if (section !== undefined) {
      at = section === '<?' ? after(source, '?>', open) : afterDeclaration(source, open);
    } else {
      const end = afterTag(source, open);
      const tag = source.slice(open, end);
      // Tags without anything between them separate words; a tag inside a word does not.
      if (source.charAt(end) === '<' || source.charAt(open - 1) === '>') breakWith('\n');
      for (const { 0: whole, 1: name = '', 2: double, 3: single, index } of tag.matchAll(ATTRIBUTE)) {
        const value = double ?? single ?? '';
        if (LEFT_OUT.test(name) || !HAS_LETTERS.test(value)) continue;
        const start = open + index + whole.length - 1 - value.length;
        breakWith('\n');
        write(start, start + value.length, true);
        breakWith('\n');
      }
      at = end;
    }
  }
  return out.build();
}

/** A bracket that a name or a mark follows; any other is text. */
function openingFrom(source: string, from: number): number {
  for (let at = source.indexOf('<', from); at >= 0; at = source.indexOf('<', at + 1)) {
    if (/[\p{L}_:/!?]/u.test(source.charAt(at + 1))) return at;
  }
  return -1;
}

function characterOf(decimal: string | undefined, hex: string | undefined): string | undefined {
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  const isCharacter = code >= 0x20 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isCharacter || code === 9 || code === 10 ? String.fromCodePoint(code) : undefined;
}

function after(source: string, mark: string, from: number): number {
  const end = source.indexOf(mark, from);
  return end < 0 ? source.length : end + mark.length;
}

/** A document type may contain declarations in square brackets. */
function afterDeclaration(source: string, from: number): number {
  const end = after(source, '>', from);
  const bracket = source.slice(from, end).indexOf('[');
  return bracket < 0 ? end : after(source, '>', after(source, ']', from + bracket) - 1);
}

/** A tag ends at its first `>` outside of quotes. */
function afterTag(source: string, from: number): number {
  let quote = '';
  for (let at = from + 1; at < source.length; at += 1) {
    const character = source.charAt(at);
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return at + 1;
    // A bracket that opens no tag.
    else if (character === '<') return at;
  }
  return source.length;
}

/**
 * The text of an XML document: between its tags, in its attributes and comments, with its references decoded. Linear in
 * the length, whatever is wrong with the document. Pure.
 */
import { createMappedText, type MappedText } from './mapped-text.ts';

const NAMED: Readonly<Record<string, string | undefined>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};
const REFERENCE = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([\w.-]{1,40}));/g;
const ATTRIBUTE = /(?<![\w:.-])([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
/** Names of other documents, and shapes, which are not searched for. */
const LEFT_OUT = /^(?:xmlns(?::.*)?|xsi:.*|d|points|transform|style|viewBox|id|rid|rsid\w*)$/;
const HAS_LETTERS = /\p{L}{2}/u;
/** Of a picture, what is no text. */
const CODE_OF_PICTURE = /^<(style|script)[\s>]/;
const ENTITY = /<!ENTITY\s+([\w.-]{1,40})\s+(?:"([^"<%]{0,200})"|'([^'<%]{0,200})')\s*>/g;
const MOST_ENTITIES = 200;
const MOST_ADDED = 65_536;

/** Those that the document type declares as plain text. Others, of which each may contain others, stay as they are. */
function entitiesOf(source: string): ReadonlyMap<string, string> {
  const head = source.slice(0, 65_536);
  const open = head.indexOf('<!DOCTYPE');
  const end = open < 0 ? -1 : head.indexOf(']>', open);
  if (end < 0) return new Map();
  const found = [...head.slice(open, end).matchAll(ENTITY)].slice(0, MOST_ENTITIES);
  const values = found.map(([, name = '', double, single]) => {
    const value = (double ?? single ?? '').replace(
      REFERENCE,
      (whole, decimal, hex, inner) =>
        (inner === undefined ? characterOf(decimal, hex) : NAMED[inner]) ?? whole,
    );
    return [name, value] as const;
  });
  return new Map(values.filter(([, value]) => !/&[\w.-]+;/.test(value)));
}

export function xmlText(source: string): MappedText {
  const out = createMappedText();
  const entities = entitiesOf(source);
  /** A short reference to a long value must not make a small file a huge one. */
  let room = source.length + MOST_ADDED;
  const isPicture = /<svg[\s>]/.test(source.slice(0, 4096));
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
        const character =
          name === undefined ? characterOf(decimal, hex) : (NAMED[name] ?? entities.get(name));
        if (character === undefined || character.length > room) continue;
        room -= character.length;
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
      const code = isPicture && !tag.endsWith('/>') ? CODE_OF_PICTURE.exec(tag)?.[1] : undefined;
      at = code === undefined ? end : before(source, `</${code}`, end);
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

function before(source: string, mark: string, from: number): number {
  const end = source.indexOf(mark, from);
  return end < 0 ? source.length : end;
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

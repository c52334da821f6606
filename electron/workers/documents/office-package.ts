/** The parts of an Office document, and how they refer to each other (ECMA-376, part 2). */
import { posix } from 'node:path';
import { declaredCharset, decoderFor } from '../../core/indexing/charset-declared.ts';
import type { Archive } from './archive.ts';
import { oneLine } from './text-builder.ts';
import { readXml } from './xml-events.ts';

export interface Relation {
  id: string;
  /** The last part of its type, such as `worksheet`. */
  type: string;
  /** Name of a part. */
  target: string;
}

export interface OfficePackage {
  /** null if there is no such part. */
  xml(part: string): Promise<string | null>;
  /** What a part refers to inside of the document, in its order. */
  relations(part: string): Promise<Relation[]>;
  /** The one part of this type that a part refers to. */
  related(part: string, type: string): Promise<string | null>;
  /** The document's own title; null if it has none. */
  title(): Promise<string | null>;
}

export function openPackage(archive: Archive): OfficePackage {
  async function xml(part: string): Promise<string | null> {
    const bytes = await archive.read(part);
    return bytes === null ? null : decodeXml(bytes);
  }

  async function relations(part: string): Promise<Relation[]> {
    const folder = posix.dirname(part);
    const source = await xml(posix.join(folder, '_rels', `${posix.basename(part)}.rels`));
    const found: Relation[] = [];
    if (source === null) return found;
    readXml(source, {
      open(name, attribute) {
        if (name !== 'Relationship' || attribute('TargetMode') === 'External') return;
        const target = attribute('Target') ?? '';
        found.push({
          id: attribute('Id') ?? '',
          type: (attribute('Type') ?? '').split('/').at(-1) ?? '',
          target: target.startsWith('/') ? target.slice(1) : posix.join(folder, target),
        });
      },
    });
    return found;
  }

  return {
    xml,
    relations,
    async related(part, type) {
      const found = (await relations(part)).find((relation) => relation.type === type);
      return found === undefined ? null : found.target;
    },
    async title() {
      const relation = (await relations('')).find(({ type }) => type === 'core-properties');
      const source = relation === undefined ? null : await xml(relation.target);
      return source === null ? null : textOfElement(source, 'title');
    },
  };
}

/** The text of the first element of this name; null if it is missing or empty. */
export function textOfElement(source: string, wanted: string): string | null {
  let depth = 0;
  let isDone = false;
  let text = '';
  readXml(source, {
    open(name) {
      if (name === wanted && !isDone) depth += 1;
    },
    close(name) {
      if (name !== wanted || depth === 0) return;
      depth -= 1;
      isDone ||= depth === 0 && text.trim() !== '';
    },
    text(part) {
      if (depth > 0) text += part;
    },
  });
  return oneLine(text) || null;
}

export function decodeXml(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  const declared = declaredCharset(bytes.subarray(0, 200));
  const encoding = declared === null ? null : decoderFor(declared);
  // The declaration could be read as single bytes, so it is not UTF-16, whatever it says.
  return new TextDecoder(encoding === null || encoding.startsWith('utf-16') ? 'utf-8' : encoding).decode(
    bytes,
  );
}

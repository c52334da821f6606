/** Finds the field `model` of a multipart form while it arrives. Pure. */
import type { Span } from './json-bytes.ts';

export interface FormScan {
  write(chunk: Buffer): void;
  /** The value and where it stands in the body; null as long as it has not been found. */
  readonly model: { value: string; span: Span } | null;
}

const FIELD = /content-disposition:\s*form-data;\s*name="?model"?\s*(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n/i;
/** Longest part header and name that are found, bytes. */
const MOST_FIELD = 2048;

/** @param boundary of the Content-Type, without its dashes */
export function createFormScan(boundary: string): FormScan {
  const end = Buffer.from(`\r\n--${boundary}`);
  let before: Buffer = Buffer.alloc(0);
  /** Offset of `before` in the body. */
  let base = 0;

  // Without getters: see exchange.ts.
  const scan: { -readonly [Key in keyof FormScan]: FormScan[Key] } = {
    model: null,
    write(chunk) {
      if (scan.model !== null) return;
      const text = before.length === 0 ? chunk : Buffer.concat([before, chunk]);
      // Only the header of a part contains this; content that does is not preceded by the boundary.
      for (let at = text.indexOf(end.subarray(2)); at >= 0; at = text.indexOf(end.subarray(2), at + 1)) {
        const start = at + end.length - 2;
        const part = text.toString('latin1', start, start + MOST_FIELD);
        const header = /^\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(part)?.[0];
        if (header === undefined || !FIELD.test(header.slice(2))) continue;
        const from = start + header.length;
        const to = text.indexOf(end, from);
        if (to < 0) continue;
        scan.model = { value: text.toString('utf8', from, to), span: { start: base + from, end: base + to } };
        return;
      }
      const kept = Math.min(text.length, MOST_FIELD + end.length);
      base += text.length - kept;
      before = Buffer.from(text.subarray(text.length - kept));
    },
  };
  return scan;
}

/** null for a Content-Type that is no form. */
export function boundaryOf(contentType: string | undefined): string | null {
  const match = /^multipart\/form-data\s*;.*\bboundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(
    contentType ?? '',
  );
  return match?.[1] ?? match?.[2] ?? null;
}

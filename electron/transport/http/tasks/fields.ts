/**
 * Fields of requests, as programs for such servers write them: in a form everything is text, in JSON a flag may be one
 * too. Each throws FIELD_WRONG, which names the field.
 */
import * as z from 'zod';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { parseJson } from '../../../../shared/json.ts';
import { fact, type Message } from '../../../../shared/models/message.ts';
import { type ContentType, contentTypeSchema } from '../../../../shared/models/tasks.ts';

export type JsonObject = Record<string, z.core.util.JSONType>;

const SHOWN_LENGTH = 80;
const flags: Readonly<Record<string, boolean>> = {
  ...{ true: true, '1': true, yes: true, on: true, y: true, t: true },
  ...{ false: false, '0': false, no: false, off: false, n: false, f: false },
};
const jsonObject = z.record(z.string().max(100), z.json());

export function wrongField(field: string, message: Message): PilotlightError {
  return new PilotlightError('FIELD_WRONG', { message, fields: [{ path: field, message }] });
}

const short = (value: unknown) => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
};

/** An empty field of a form is one that was not filled in. */
const isGiven = (value: unknown) => value !== undefined && value !== null && value !== '';

/** null if it is not given. Of several in an address, the last one. */
export function readFlag(field: string, given: unknown): boolean | null {
  const value = Array.isArray(given) ? given.at(-1) : given;
  if (!isGiven(value)) return null;
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  const flag = flags[text.trim().toLowerCase()];
  if (flag === undefined || !Object.hasOwn(flags, text.trim().toLowerCase())) {
    throw wrongField(field, fact('FIELD_NO_FLAG', { field, value: short(value) }));
  }
  return flag;
}

/** Empty if it is not given. Text is read as JSON. */
export function readJsonObject(field: string, given: unknown): JsonObject {
  if (!isGiven(given)) return {};
  const value = jsonObject.safeParse(typeof given === 'string' ? parseJson(given) : given);
  if (!value.success) throw wrongField(field, fact('FIELD_NO_JSON', { field }));
  return value.data;
}

/** null if it is not given. */
export function readText(field: string, given: unknown, longest = 2000): string | null {
  if (!isGiven(given)) return null;
  if (typeof given !== 'string' || given.length > longest) {
    throw wrongField(field, fact('FIELD_NO_TEXT', { field, longest }));
  }
  return given.trim() === '' ? null : given;
}

export function requireText(field: string, given: unknown, longest?: number): string {
  const text = readText(field, given, longest);
  if (text === null) throw wrongField(field, fact('FIELD_MISSING', { field }));
  return text;
}

/** null if it is not given. */
export function readNumber(field: string, given: unknown): number | null {
  if (!isGiven(given)) return null;
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw wrongField(field, fact('FIELD_NO_NUMBER', { field, value: short(given) }));
  }
  return value;
}

/** Names that such servers use for what we call a document, and those with which they ask for detection. */
const documents: ReadonlySet<string> = new Set([
  ...['text', 'txt', 'plain', 'markdown', 'md', 'html', 'htm', 'pdf', 'rtf', 'epub', 'csv', 'json', 'xml'],
  ...['doc', 'docx', 'word', 'odt', 'ppt', 'pptx', 'powerpoint', 'xls', 'xlsx', 'excel'],
]);
const unsaid: ReadonlySet<string> = new Set(['auto', 'unknown', 'application/octet-stream', 'file', 'url']);

/** A kind of content, one of the usual names of its files, or a MIME type; null for detection. */
export function readContentType(field: string, given: unknown): ContentType | null {
  const text = readText(field, given, 200)?.trim().toLowerCase() ?? null;
  if (text === null || unsaid.has(text)) return null;
  const known = contentTypeSchema.safeParse(text);
  if (known.success) return known.data;
  if (documents.has(text)) return 'document';
  const media = /^(audio|video|image|text|application)\/[\w.+-]+(?:\s*;.*)?$/.exec(text)?.[1];
  if (media === 'audio' || media === 'video' || media === 'image') return media;
  if (media !== undefined) return 'document';
  throw wrongField(
    field,
    fact('FIELD_NO_CONTENT_TYPE', { field, value: short(text), known: contentTypeSchema.options }),
  );
}

/** An object of JSON, whose fields the others read. */
export function readBody(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    return body as Record<string, unknown>;
  }
  throw wrongField('body', fact('FIELD_NO_JSON', { field: 'body' }));
}

/** A list of objects, with at least one. */
export function readItems(field: string, given: unknown, most: number): Record<string, unknown>[] {
  if (!isGiven(given)) throw wrongField(field, fact('FIELD_MISSING', { field }));
  const isList = Array.isArray(given) && given.length > 0 && given.length <= most;
  if (!isList) throw wrongField(field, fact('FIELD_NO_LIST', { field, most }));
  return given.map((item, index) => {
    if (typeof item === 'string') return { url: item };
    if (typeof item === 'object' && item !== null && !Array.isArray(item)) return item;
    throw wrongField(`${field}.${index}`, fact('FIELD_NO_JSON', { field: `${field}.${index}` }));
  });
}

/** Some scripts write `?gpu=true`, whatever the body is. */
export const gpuOfAddress = ({ query }: { query: unknown }): boolean | null =>
  readFlag('gpu', (query as Record<string, unknown>).gpu);

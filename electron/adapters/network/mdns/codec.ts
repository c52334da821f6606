/**
 * Messages of multicast DNS (RFC 1035, 6762, 6763), as far as services are announced and found: PTR, SRV, TXT and
 * A records. Pure. What comes from the network is read within narrow limits: it can neither loop nor throw.
 */
import { ipv4Bytes } from '../../../../shared/network/ipv4.ts';

export const MDNS_ADDRESS = '224.0.0.251';
export const MDNS_PORT = 5353;

export type RecordType = 'A' | 'PTR' | 'TXT' | 'SRV' | 'ANY';

/** A name as a text; a dot or a backslash inside a label has a backslash before it. */
export interface Question {
  name: string;
  /** null for a type that is none of ours. */
  type: RecordType | null;
  /** The asker wants the answer for itself, not for the whole group. */
  unicast: boolean;
}

export type ResourceRecord = {
  name: string;
  /** Seconds; 0 says that the record is gone. */
  ttl: number;
  /** The record has one owner, who replaces what was known of it. */
  unique: boolean;
} & RecordData;

export type RecordData =
  | { type: 'A'; address: string }
  | { type: 'PTR'; target: string }
  | { type: 'TXT'; txt: Readonly<Record<string, string>> }
  | { type: 'SRV'; target: string; port: number };

export interface Message {
  id: number;
  response: boolean;
  questions: Question[];
  /** Of all three sections; records of other types are left out. */
  records: ResourceRecord[];
}

const typeNumbers: Readonly<Record<RecordType, number>> = { A: 1, PTR: 12, TXT: 16, SRV: 33, ANY: 255 };
const typeNames = new Map(
  Object.entries(typeNumbers).map(([name, number]) => [number, name as RecordType] as const),
);
const INTERNET = 1;
/** "Answer me alone" of a question, "this is the only one" of a record. */
const TOP_BIT = 0x8000;
const RESPONSE_FLAGS = 0x8400;

const MOST_BYTES = 9000;
const MOST_ENTRIES = 256;
const MOST_NAME_BYTES = 255;
const MOST_LABEL_BYTES = 63;
const HEADER_BYTES = 12;

// ---------------------------------------------------------------- writing

/** A question for each name, of type PTR. Throws RangeError for a name that is none. */
export function encodeQuery(
  names: readonly string[],
  { type = 'PTR', unicast = false, id = 0 }: { type?: RecordType; unicast?: boolean; id?: number } = {},
): Uint8Array {
  return encode({
    id,
    flags: 0,
    questions: names.map((name) => ({ name, type, unicast })),
    sections: [[], []],
  });
}

/** An answer. Throws RangeError for a name or a text that does not fit. */
export function encodeResponse({
  id = 0,
  questions = [],
  answers,
  additionals = [],
}: {
  id?: number;
  /** Repeated for an asker that does not speak multicast DNS itself. */
  questions?: readonly Question[];
  answers: readonly ResourceRecord[];
  additionals?: readonly ResourceRecord[];
}): Uint8Array {
  return encode({ id, flags: RESPONSE_FLAGS, questions, sections: [answers, additionals] });
}

function encode({
  id,
  flags,
  questions,
  sections: [answers, additionals],
}: {
  id: number;
  flags: number;
  questions: readonly Question[];
  sections: readonly [readonly ResourceRecord[], readonly ResourceRecord[]];
}): Uint8Array {
  const parts = [
    numbers(id, flags, questions.length, answers.length, 0, additionals.length),
    ...questions.flatMap(({ name, type, unicast }) => [
      encodeName(name),
      numbers(type === null ? 0 : typeNumbers[type], INTERNET | (unicast ? TOP_BIT : 0)),
    ]),
    ...[...answers, ...additionals].flatMap((record) => {
      const data = encodeData(record);
      const kind = numbers(typeNumbers[record.type], INTERNET | (record.unique ? TOP_BIT : 0));
      return [
        encodeName(record.name),
        kind,
        numbers(record.ttl >>> 16, record.ttl & 0xffff, data.length),
        data,
      ];
    }),
  ];
  return Buffer.concat(parts);
}

function encodeData(record: RecordData): Buffer {
  switch (record.type) {
    case 'A':
      return Buffer.from(ipv4Bytes(record.address) ?? []);
    case 'PTR':
      return encodeName(record.target);
    case 'SRV':
      return Buffer.concat([numbers(0, 0, record.port), encodeName(record.target)]);
    case 'TXT': {
      const texts = Object.entries(record.txt).map(([key, value]) => counted(`${key}=${value}`, 255));
      // Without a text there is one that is empty.
      return texts.length === 0 ? Buffer.from([0]) : Buffer.concat(texts);
    }
  }
}

function encodeName(name: string): Buffer {
  const labels = splitName(name);
  const bytes = Buffer.concat([...labels.map((label) => counted(label, MOST_LABEL_BYTES)), Buffer.from([0])]);
  if (labels.includes('') || bytes.length > MOST_NAME_BYTES) throw new RangeError(`This is no name: ${name}`);
  return bytes;
}

function splitName(name: string): string[] {
  const labels: string[] = [];
  let label = '';
  for (let index = 0; index < name.length; index += 1) {
    const letter = name[index] ?? '';
    if (letter === '.') {
      labels.push(label);
      label = '';
    } else if (letter === '\\') {
      index += 1;
      label += name[index] ?? '';
    } else label += letter;
  }
  // A dot at the end is the root, which every name has.
  if (label !== '' || labels.length === 0) labels.push(label);
  return labels;
}

/** The text of one label, for use inside a name. */
export function escapeLabel(label: string): string {
  return label.replaceAll(/[.\\]/g, '\\$&');
}

function counted(text: string, most: number): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > most) throw new RangeError(`This is longer than ${most} bytes: ${text}`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value & 0xffff, index * 2);
  return bytes;
}

// ---------------------------------------------------------------- reading

/** null for whatever is no complete message. Never throws. */
export function decodeMessage(bytes: Uint8Array): Message | null {
  if (bytes.length < HEADER_BYTES || bytes.length > MOST_BYTES) return null;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const flags = view.readUInt16BE(2);
  const asked = view.readUInt16BE(4);
  const told = view.readUInt16BE(6) + view.readUInt16BE(8) + view.readUInt16BE(10);
  // Of the operations there is one, and errors say nothing of a service.
  if ((flags & 0x780f) !== 0 || asked + told > MOST_ENTRIES) return null;
  const message: Message = {
    id: view.readUInt16BE(0),
    response: flags >= TOP_BIT,
    questions: [],
    records: [],
  };
  let at = HEADER_BYTES;
  for (let index = 0; index < asked; index += 1) {
    const name = readName(view, at);
    if (name === null || name.next + 4 > view.length) return null;
    const type = typeNames.get(view.readUInt16BE(name.next)) ?? null;
    const unicast = view.readUInt16BE(name.next + 2) >= TOP_BIT;
    message.questions.push({ name: name.text, type, unicast });
    at = name.next + 4;
  }
  for (let index = 0; index < told; index += 1) {
    const name = readName(view, at);
    if (name === null || name.next + 10 > view.length) return null;
    const type = typeNames.get(view.readUInt16BE(name.next));
    const owner = view.readUInt16BE(name.next + 2);
    const ttl = view.readUInt32BE(name.next + 4);
    const begin = name.next + 10;
    const end = begin + view.readUInt16BE(name.next + 8);
    if (end > view.length) return null;
    at = end;
    if ((owner & ~TOP_BIT) !== INTERNET) continue;
    const data = readData(view, begin, end, type);
    if (data !== null) message.records.push({ name: name.text, ttl, unique: owner >= TOP_BIT, ...data });
  }
  return message;
}

/** null for data of another type, and for data that is not what its type says. */
function readData(view: Buffer, begin: number, end: number, type: RecordType | undefined): RecordData | null {
  switch (type) {
    case 'A':
      return end - begin === 4 ? { type, address: [...view.subarray(begin, end)].join('.') } : null;
    case 'PTR': {
      const target = readName(view, begin);
      return target === null || target.next !== end ? null : { type, target: target.text };
    }
    case 'SRV': {
      const target = end - begin > 6 ? readName(view, begin + 6) : null;
      if (target === null || target.next !== end) return null;
      return { type, target: target.text, port: view.readUInt16BE(begin + 4) };
    }
    case 'TXT':
      return { type, txt: readTxt(view.subarray(begin, end)) };
    default:
      return null;
  }
}

/** `key=value` each; of a key that comes twice the first one counts, as the standard says. */
function readTxt(bytes: Buffer): Record<string, string> {
  const pairs = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const next = at + 1 + (bytes[at] ?? 0);
    const text = bytes.toString('utf8', at + 1, Math.min(next, bytes.length));
    const cut = text.indexOf('=');
    const key = (cut < 0 ? text : text.slice(0, cut)).toLowerCase();
    if (key !== '' && !pairs.has(key)) pairs.set(key, cut < 0 ? '' : text.slice(cut + 1));
    at = next;
  }
  return Object.fromEntries(pairs);
}

/** A name may go on at an earlier place, which lies before every one that was read: so it ends. */
function readName(view: Buffer, start: number): { text: string; next: number } | null {
  const labels: string[] = [];
  let at = start;
  let next: number | null = null;
  let lowest = start;
  let size = 1;
  for (;;) {
    const length = view[at];
    if (length === undefined) return null;
    if (length === 0) return { text: labels.join('.'), next: next ?? at + 1 };
    if (length >= 0xc0) {
      const low = view[at + 1];
      if (low === undefined) return null;
      const target = (length & 0x3f) * 256 + low;
      next ??= at + 2;
      if (target >= lowest || target < HEADER_BYTES) return null;
      lowest = target;
      at = target;
      continue;
    }
    const end = at + 1 + length;
    size += 1 + length;
    if (length > MOST_LABEL_BYTES || end > view.length || size > MOST_NAME_BYTES) return null;
    labels.push(escapeLabel(view.toString('utf8', at + 1, end)));
    at = end;
  }
}

// ---------------------------------------------------------------- what an answer offers

export interface FoundService {
  /** The first label of its name, for people. */
  name: string;
  address: string;
  port: number;
  txt: Readonly<Record<string, string>>;
}

/** Services of this kind (`_pilotlight._tcp.local`) that a message tells completely: name, port and address. */
export function servicesIn({ response, records }: Message, kind: string): FoundService[] {
  if (!response) return [];
  const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
  const found = records.flatMap((srv) => {
    if (srv.type !== 'SRV' || srv.ttl === 0) return [];
    const [label = '', ...rest] = splitName(srv.name);
    if (!same(rest.map(escapeLabel).join('.'), kind)) return [];
    const own = records.find((one) => one.type === 'TXT' && same(one.name, srv.name));
    const txt = own?.type === 'TXT' ? own.txt : {};
    return records.flatMap((one) =>
      one.type === 'A' && same(one.name, srv.target)
        ? [{ name: label, address: one.address, port: srv.port, txt }]
        : [],
    );
  });
  return found;
}

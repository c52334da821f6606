/** Parses multicast DNS messages within narrow limits: network input can neither loop nor throw. */
import {
  HEADER_BYTES,
  INTERNET,
  type Message,
  type RecordData,
  type RecordType,
  TOP_BIT,
  typeNames,
} from './message.ts';
import { readName } from './names.ts';

const MAX_BYTES = 9000;
const MAX_ENTRIES = 256;

/** null for anything but a complete message. Never throws. */
export function decodeMessage(bytes: Uint8Array): Message | null {
  if (bytes.length < HEADER_BYTES || bytes.length > MAX_BYTES) return null;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const flags = view.readUInt16BE(2);
  const questionCount = view.readUInt16BE(4);
  const recordCount = view.readUInt16BE(6) + view.readUInt16BE(8) + view.readUInt16BE(10);
  // Only one operation exists, and errors say nothing about a service.
  if ((flags & 0x780f) !== 0 || questionCount + recordCount > MAX_ENTRIES) return null;
  const message: Message = {
    id: view.readUInt16BE(0),
    response: flags >= TOP_BIT,
    questions: [],
    records: [],
  };
  let at = HEADER_BYTES;
  for (let index = 0; index < questionCount; index += 1) {
    const name = readName(view, at);
    if (name === null || name.next + 4 > view.length) return null;
    const type = typeNames.get(view.readUInt16BE(name.next)) ?? null;
    const unicast = view.readUInt16BE(name.next + 2) >= TOP_BIT;
    message.questions.push({ name: name.text, type, unicast });
    at = name.next + 4;
  }
  for (let index = 0; index < recordCount; index += 1) {
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

/** null for data of another type, or data that does not match its type. */
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

/** `key=value` each; the first one counts if a key occurs twice, as the standard says. */
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

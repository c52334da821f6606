/** Encodes multicast DNS messages as bytes. */
import { ipv4Bytes } from '../../../../shared/network/ipv4.ts';
import {
  INTERNET,
  type Question,
  type RecordData,
  type RecordType,
  type ResourceRecord,
  TOP_BIT,
  typeNumbers,
} from './message.ts';
import { counted, encodeName } from './names.ts';

const RESPONSE_FLAGS = 0x8400;

/** A PTR question for each name. Throws RangeError for an invalid name. */
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

/** A response. Throws RangeError for a name or a text that does not fit. */
export function encodeResponse({
  id = 0,
  questions = [],
  answers,
  additionals = [],
}: {
  id?: number;
  /** Repeated for a querier that does not use multicast DNS itself. */
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
      // A record without strings contains one empty string.
      return texts.length === 0 ? Buffer.from([0]) : Buffer.concat(texts);
    }
  }
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value & 0xffff, index * 2);
  return bytes;
}

/** Messages of multicast DNS (RFC 1035, 6762, 6763), as far as services are announced and found. */

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

export const typeNumbers: Readonly<Record<RecordType, number>> = {
  A: 1,
  PTR: 12,
  TXT: 16,
  SRV: 33,
  ANY: 255,
};
export const typeNames = new Map(
  Object.entries(typeNumbers).map(([name, number]) => [number, name as RecordType] as const),
);
export const INTERNET = 1;
/** "Answer me alone" of a question, "this is the only one" of a record. */
export const TOP_BIT = 0x8000;
export const HEADER_BYTES = 12;

/** The parts of multicast DNS (RFC 1035, 6762, 6763) needed to announce and find services. */

export const MDNS_ADDRESS = '224.0.0.251';
export const MDNS_PORT = 5353;

export type RecordType = 'A' | 'PTR' | 'TXT' | 'SRV' | 'ANY';

/** A name as text; a dot or a backslash inside a label is escaped with a backslash. */
export interface Question {
  name: string;
  /** null for an unknown type. */
  type: RecordType | null;
  /** The querier asks for a unicast answer, not one to the group. */
  unicast: boolean;
}

export type ResourceRecord = {
  name: string;
  /** Seconds; 0 withdraws the record. */
  ttl: number;
  /** The record has one owner and replaces cached ones. */
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
/** The unicast-response bit of a question, and the cache-flush bit of a record. */
export const TOP_BIT = 0x8000;
export const HEADER_BYTES = 12;

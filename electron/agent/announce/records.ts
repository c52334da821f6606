/** The DNS records by which an agent is discovered. Pure. */
import type { Message, Question, ResourceRecord } from '../../adapters/network/mdns/message.ts';
import { escapeLabel } from '../../adapters/network/mdns/names.ts';

const SERVICE = '_pilotlight._tcp.local';
/** The name under which service types, not services, are listed. */
const KINDS = '_services._dns-sd._udp.local';

export interface AnnouncedAgent {
  id: string;
  hostname: string;
  version: string;
  /** One for each port. */
  services: readonly { roles: readonly string[]; port: number }[];
}

export interface Answer {
  answers: ResourceRecord[];
  /** Records that the querier would ask for next. */
  additionals: ResourceRecord[];
}

/** Seconds. Records that name an address have the shorter time to live. */
const LONG = 4500;
const SHORT = 120;
const MAX_HOSTNAME = 30;

interface Instance {
  pointer: ResourceRecord;
  own: ResourceRecord[];
}

function hostOf({ id }: AnnouncedAgent): string {
  // A name that contains the id is unique, so the standard's probing is not needed.
  return `pilotlight-${id}.local`;
}

function instanceOf(agent: AnnouncedAgent, { roles, port }: AnnouncedAgent['services'][number]): Instance {
  const { id, hostname, version, services } = agent;
  const host = hostname.replaceAll(/[^\x20-\x7e]/g, '').slice(0, MAX_HOSTNAME) || 'agent';
  const label = [host, id.slice(0, 6), ...(services.length > 1 ? [roles.join('-')] : [])].join(' ');
  const name = `${escapeLabel(label)}.${SERVICE}`;
  const txt = { id, roles: roles.join(','), port: String(port), version };
  return {
    pointer: { name: SERVICE, ttl: LONG, unique: false, type: 'PTR', target: name },
    own: [
      { name, ttl: SHORT, unique: true, type: 'SRV', target: hostOf(agent), port },
      { name, ttl: LONG, unique: true, type: 'TXT', txt },
    ],
  };
}

/** All records, for an unsolicited announcement. */
export function allRecords(agent: AnnouncedAgent, address: string): ResourceRecord[] {
  const instances = agent.services.map((service) => instanceOf(agent, service));
  return [...instances.flatMap(({ pointer, own }) => [pointer, ...own]), addressOf(agent, address)];
}

function addressOf(agent: AnnouncedAgent, address: string): ResourceRecord {
  return { name: hostOf(agent), ttl: SHORT, unique: true, type: 'A', address };
}

/** The answer to a message, without the records that the querier already knows; null if nothing is left. */
export function answerTo(message: Message, agent: AnnouncedAgent, address: string): Answer | null {
  if (message.response) return null;
  const answers = new Set<ResourceRecord>();
  const additionals = new Set<ResourceRecord>();
  const instances = agent.services.map((service) => instanceOf(agent, service));
  const host = addressOf(agent, address);
  for (const question of message.questions) {
    if (asks(question, KINDS, 'PTR'))
      answers.add({ name: KINDS, ttl: LONG, unique: false, type: 'PTR', target: SERVICE });
    for (const { pointer, own } of instances) {
      if (asks(question, SERVICE, 'PTR') && !isKnown(message, pointer)) {
        answers.add(pointer);
        for (const record of [...own, host]) additionals.add(record);
      }
      for (const record of own) {
        if (!asks(question, record.name, record.type)) continue;
        answers.add(record);
        additionals.add(host);
      }
    }
    if (asks(question, host.name, 'A')) answers.add(host);
  }
  if (answers.size === 0) return null;
  return { answers: [...answers], additionals: [...additionals].filter((one) => !answers.has(one)) };
}

/** Each record once. */
export function merge(one: Answer, other: Answer): Answer {
  const answers = distinct([...one.answers, ...other.answers]);
  const additionals = distinct([...answers, ...one.additionals, ...other.additionals]).slice(answers.length);
  return { answers, additionals };
}

function distinct(records: readonly ResourceRecord[]): ResourceRecord[] {
  return [...new Map(records.map((one) => [JSON.stringify(one), one])).values()];
}

function asks({ name, type }: Question, wanted: string, of: ResourceRecord['type']): boolean {
  return (type === of || type === 'ANY') && name.toLowerCase() === wanted.toLowerCase();
}

function isKnown({ records }: Message, pointer: ResourceRecord): boolean {
  return records.some(
    (one) =>
      one.type === 'PTR' &&
      pointer.type === 'PTR' &&
      one.target.toLowerCase() === pointer.target.toLowerCase() &&
      one.ttl >= pointer.ttl / 2,
  );
}

/** The services that a response offers. */
import type { Message } from './message.ts';
import { escapeLabel, splitName } from './names.ts';

export interface FoundService {
  /** The first label of its name, for people. */
  name: string;
  address: string;
  port: number;
  txt: Readonly<Record<string, string>>;
}

/** Services of this kind (`_pilotlight._tcp.local`) that a message describes completely: name, port and address. */
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

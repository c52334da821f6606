/** A network that remembers what was sent, and refuses the destinations it is told to refuse. */
import type { NetworkInterface, Udp } from '../../electron/core/ports/network.ts';

export interface SentDatagram {
  payload: Uint8Array;
  /** `address:port` */
  destination: string;
}

export interface FakeUdp extends Udp {
  readonly sent: SentDatagram[];
  /** Destinations that the system refuses, with its words. */
  readonly refused: Map<string, string>;
}

export function createFakeUdp({ interfaces = [] }: { interfaces?: NetworkInterface[] } = {}): FakeUdp {
  const sent: SentDatagram[] = [];
  const refused = new Map<string, string>();
  return {
    sent,
    refused,
    async send(payload, port, address) {
      const destination = `${address}:${port}`;
      const words = refused.get(destination) ?? refused.get('*');
      if (words !== undefined) throw new Error(words);
      sent.push({ payload, destination });
    },
    interfaces: () => interfaces,
    magicPacket: (mac, secureOn) => new TextEncoder().encode(`${mac} ${secureOn ?? ''}`.trim()),
  };
}

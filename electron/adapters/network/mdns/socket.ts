/** A socket in the multicast DNS group of one interface. */
import dgram from 'node:dgram';
import { MDNS_ADDRESS, MDNS_PORT } from './message.ts';

export interface MulticastSocket {
  /** Rejects if the system refuses to send. */
  send(bytes: Uint8Array, port: number, address: string): Promise<void>;
  close(): void;
}

export interface MulticastOptions {
  /** IPv4 address of the interface: the group is joined there, and nowhere else. */
  interfaceAddress: string;
  /**
   * `group` receives all queries (port 5353, shared with other programs); `answers` receives only the responses to its
   * own queries, on its own port.
   */
  listen: 'group' | 'answers';
  onMessage(bytes: Uint8Array, from: { address: string; port: number }): void;
  /** Called if it fails after it was opened. */
  onError?(error: Error): void;
}

/** Rejects if the port or the group is not available. */
export type OpenMulticast = (options: MulticastOptions) => Promise<MulticastSocket>;

/** The TTL of multicast DNS: a message that crossed a router would have less. */
const HOPS = 255;

export const openMulticastSocket: OpenMulticast = ({ interfaceAddress, listen, onMessage, onError }) =>
  new Promise((resolve, reject) => {
    const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true });
    const group = listen === 'group';
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    const bind = group ? { port: MDNS_PORT } : { port: 0, address: interfaceAddress };
    socket.bind(bind, () => {
      try {
        socket.setMulticastInterface(interfaceAddress);
        socket.setMulticastTTL(HOPS);
        if (group) socket.addMembership(MDNS_ADDRESS, interfaceAddress);
      } catch (error) {
        socket.close();
        reject(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      let open = true;
      socket.removeAllListeners('error');
      socket.on('error', (error) => onError?.(error));
      socket.on('message', (bytes, { address, port }) => onMessage(bytes, { address, port }));
      resolve({
        send: (bytes, port, address) =>
          new Promise((sent, refused) => {
            if (!open) return sent();
            socket.send(bytes, port, address, (error) => (error ? refused(error) : sent()));
          }),
        close() {
          if (!open) return;
          open = false;
          socket.close();
        },
      });
    });
  });

/** Queries the networks of some interfaces for announced agents, by multicast DNS. */
import type { Surroundings } from '../../core/ports/network.ts';
import { decodeMessage } from './mdns/decode.ts';
import { encodeQuery } from './mdns/encode.ts';
import { MDNS_ADDRESS, MDNS_PORT } from './mdns/message.ts';
import { servicesIn } from './mdns/services.ts';
import { type MulticastSocket, type OpenMulticast, openMulticastSocket } from './mdns/socket.ts';

export const AGENT_SERVICE = '_pilotlight._tcp.local';

/** Milliseconds after which the query is sent. The first one may be lost, or an agent may be slow to join the group. */
const REPEAT_MS = 1000;

/** Answers arrive on our own port: queries and answers of others are not listened to. */
export async function browseAgents(
  { interfaces }: { interfaces: readonly string[] },
  onFound: Parameters<Surroundings['announced']>[1],
  signal: AbortSignal,
  open: OpenMulticast = openMulticastSocket,
): ReturnType<Surroundings['announced']> {
  const seen = new Set<string>();
  const failed = new Map<string, string>();
  const sockets = new Map<string, MulticastSocket>();
  const fail = (address: string) => (error: unknown) => {
    failed.set(address, error instanceof Error ? error.message : String(error));
  };

  function onMessage(bytes: Uint8Array): void {
    if (signal.aborted) return;
    const message = decodeMessage(bytes);
    for (const service of message ? servicesIn(message, AGENT_SERVICE) : []) {
      const key = `${service.address}:${service.port}`;
      if (seen.has(key)) continue;
      seen.add(key);
      onFound({ ...service, txt: { ...service.txt } });
    }
  }

  const question = encodeQuery([AGENT_SERVICE], { unicast: true });
  const askAll = () => {
    for (const [address, socket] of sockets) {
      socket.send(question, MDNS_PORT, MDNS_ADDRESS).catch(fail(address));
    }
  };

  try {
    await Promise.all(
      interfaces.map(async (address) => {
        try {
          const options = { interfaceAddress: address, listen: 'answers', onMessage } as const;
          sockets.set(address, await open({ ...options, onError: fail(address) }));
        } catch (error) {
          fail(address)(error);
        }
      }),
    );
    await new Promise<void>((resolve) => {
      if (signal.aborted || sockets.size === 0) return resolve();
      askAll();
      const timer = setInterval(askAll, REPEAT_MS);
      signal.addEventListener(
        'abort',
        () => {
          clearInterval(timer);
          resolve();
        },
        { once: true },
      );
    });
  } finally {
    for (const socket of sockets.values()) socket.close();
  }
  return [...failed].map(([address, reason]) => ({ interface: address, reason }));
}

/** Asks one network for agents, as a panel does, and prints what answers. For the test in network namespaces. */
import { decodeMessage } from '../../../electron/adapters/network/mdns/decode.ts';
import { encodeQuery } from '../../../electron/adapters/network/mdns/encode.ts';
import { MDNS_ADDRESS, MDNS_PORT } from '../../../electron/adapters/network/mdns/message.ts';
import { servicesIn } from '../../../electron/adapters/network/mdns/services.ts';
import { openMulticastSocket } from '../../../electron/adapters/network/mdns/socket.ts';

const [interfaceAddress = '', listen = 'answers'] = process.argv.slice(2);
const kind = '_pilotlight._tcp.local';
const socket = await openMulticastSocket({
  interfaceAddress,
  listen: listen === 'group' ? 'group' : 'answers',
  onMessage(bytes, from) {
    const message = decodeMessage(bytes);
    const gone = message?.records.some(({ ttl }) => ttl === 0);
    if (gone) process.stdout.write('gone\n');
    for (const service of message === null ? [] : servicesIn(message, kind))
      process.stdout.write(`${JSON.stringify({ ...service, from: from.address })}\n`);
  },
});
await socket.send(encodeQuery([kind]), MDNS_PORT, MDNS_ADDRESS);
process.stdin.resume().on('end', () => process.exit(0));

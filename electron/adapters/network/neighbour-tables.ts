/** Parsers for the neighbour tables that each system prints. Pure. */
import { readIpv4 } from '../../../shared/network/ipv4.ts';
import { readMac } from '../../../shared/network/mac.ts';

export interface Neighbour {
  address: string;
  /** `AA:BB:CC:DD:EE:FF` */
  mac: string;
}

/** `/proc/net/arp`: flag 2 marks a complete entry. */
export function parseProcArp(text: string): Neighbour[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [address = '', , flags = '', mac = ''] = line.trim().split(/\s+/);
      const complete = (Number.parseInt(flags, 16) & 2) !== 0;
      return complete ? neighbour(address, mac) : [];
    });
}

const WITHOUT_ANSWER = new Set(['INCOMPLETE', 'FAILED', 'NONE', 'NOARP']);

/** `ip -4 neigh`: `192.168.1.20 dev eth0 lladdr aa:bb:cc:dd:ee:ff REACHABLE`. */
export function parseIpNeigh(text: string): Neighbour[] {
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const mac = words[words.indexOf('lladdr') + 1] ?? '';
    const known = words.includes('lladdr') && !WITHOUT_ANSWER.has(words.at(-1) ?? '');
    return known ? neighbour(words[0] ?? '', mac) : [];
  });
}

/**
 * `arp -a` of macOS, whose bytes lack their leading zeros (`? (192.168.1.20) at 8:0:27:1:2:3 on en0 …`), and of
 * Windows in any language (`  192.168.1.20   08-00-27-01-02-03   dynamic`).
 */
export function parseArpA(text: string): Neighbour[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const mac =
      /\bat ([0-9a-f:]+) /i.exec(line) ?? /^\s+\S+\s+((?:[0-9a-f]{2}-){5}[0-9a-f]{2})\s/i.exec(line);
    const address = /\((\d+(?:\.\d+){3})\)/.exec(line) ?? /^\s+(\d+(?:\.\d+){3})\s/.exec(line);
    return mac && address ? neighbour(address[1] ?? '', mac[1] ?? '') : [];
  });
}

/** One entry, or none for a group address or a MAC of zeros. */
function neighbour(address: string, written: string): Neighbour[] {
  const mac = readMac(written);
  return mac === null || readIpv4(address) === null ? [] : [{ address, mac }];
}

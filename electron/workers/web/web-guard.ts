/** Which addresses of the web may be fetched: none of an own network, unless a person has named its host. Pure. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isPrivateAddress, isPrivateHost } from '../../../shared/network/private-address.ts';
import { parseWebUrl } from '../../../shared/network/web-address.ts';

export interface WebGuard {
  /** Throws WEB_ADDRESS_WRONG, WEB_PRIVATE. */
  check(address: string): WebTarget;
}

export interface WebTarget {
  url: URL;
  /** Asked about each address that the host's name leads to; absent for a host that was named. */
  refuse?: (address: string) => Error | null;
}

export interface WebGuardOptions {
  /** Hosts that may be private: names and addresses, in lower case. */
  allowedHosts: readonly string[];
  /** Whether an address is private; null for anything that is no address. */
  isPrivate?: (address: string) => boolean | null;
}

export function createWebGuard({ allowedHosts, isPrivate = isPrivateAddress }: WebGuardOptions): WebGuard {
  const allowed = new Set(allowedHosts);
  return {
    check(address) {
      // Other spellings of an IPv4 address are none for this reader; an address in IPv6 becomes the one that it means.
      const url = parseWebUrl(address, { query: true, password: true });
      if (url === null) throw new PilotlightError('WEB_ADDRESS_WRONG');
      const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, '');
      if (allowed.has(host)) return { url };
      const isOwn = isPrivate(host) ?? isPrivateHost(host);
      if (isOwn === true) throw isPrivateTarget(host);
      // One that is not known to be public is refused.
      return { url, refuse: (found) => (isPrivate(found) === false ? null : isPrivateTarget(host)) };
    },
  };
}

const isPrivateTarget = (host: string) => new PilotlightError('WEB_PRIVATE', { details: { host } });

/** The hosts that the setting names, as the parser of web addresses spells them. Pure. */
import { readWebAddress } from '../../../shared/network/web-address.ts';

export function privateHosts(setting: string | null): string[] {
  const hosts = (setting ?? '').split(/[\s,;]+/).flatMap((text) => {
    const read = text === '' ? null : readWebAddress(text);
    return read?.ok ? [read.url.hostname.toLowerCase().replace(/^\[|\]$/g, '')] : [];
  });
  return [...new Set(hosts)];
}

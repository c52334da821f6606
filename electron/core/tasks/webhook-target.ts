/** Whether a webhook may be called: not at an address of the own network, unless the settings allow it. Pure. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isPrivateAddress, isPrivateHost } from '../../../shared/network/private-address.ts';

const refusal = (host: string) => new PilotlightError('WEBHOOK_PRIVATE', { details: { host } });

/** Why it may not be called; null if only its name has to be resolved, or it is public. */
export function privateTarget(url: string): PilotlightError | null {
  if (!URL.canParse(url)) return refusal('');
  const { hostname } = new URL(url);
  return isPrivateHost(hostname) === true ? refusal(hostname) : null;
}

/** The same for an address that a name leads to: one that is not known to be public is refused. */
export const privateAddress = (address: string): PilotlightError | null =>
  isPrivateAddress(address) === false ? null : refusal(address);

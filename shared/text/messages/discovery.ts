import { formatCount } from '../../units.ts';

/** Searching for machines: what could not be searched. */
export const discoveryMessages = {
  NO_NETWORK_CHOSEN: () => 'No network was selected, so none was searched.',
  NETWORK_TOO_LARGE: ({ subnet, hosts }: { subnet: string; hosts: number }) =>
    `${subnet} has ${formatCount(hosts)} addresses, too many to check one by one; only announced agents and nearby devices were checked there.`,
  NEIGHBOURS_UNREADABLE: () => "This computer's list of nearby devices could not be read.",
  ANNOUNCEMENTS_NOT_HEARD: ({ address, reason }: { address: string; reason: string }) =>
    `Could not listen for announced agents on ${address}: ${reason}.`,
};

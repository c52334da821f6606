/** Opens the panel for other devices of the network. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { PanelNetworkView, PanelNetworkWish } from '../../../shared/models/access.ts';

export interface PanelNetwork {
  view(): PanelNetworkView;
  /** Applies and saves it. Rejects with BAD_ADDRESS, BAD_CERTIFICATE, PORT_IN_USE or DISK_FULL; nothing changes then. */
  set(wish: PanelNetworkWish): Promise<PanelNetworkView>;
  /** An address that signs one device in, once, within five minutes. Throws NOT_FOUND. */
  pair(address: string): { url: string; expiresAt: number };
}

export const closedWish: PanelNetworkWish = {
  addresses: [],
  port: 8790,
  tls: 'off',
  certificateFile: null,
  keyFile: null,
  names: [],
};

/** For a program that serves no other device. */
export const closedPanelNetwork: PanelNetwork = {
  view: () => ({ wish: closedWish, choices: [], open: [], problems: [], fingerprint: null }),
  set: () => Promise.reject(new PilotlightError('BAD_ADDRESS')),
  pair() {
    throw new PilotlightError('NOT_FOUND');
  },
};

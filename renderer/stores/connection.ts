import { create } from 'zustand';
import type { Client, LinkStatus } from '../client/index.ts';

export const useConnection = create<LinkStatus>()(() => ({
  state: 'connecting',
  error: null,
  retryAt: null,
}));

/** Mirrors the link's status; called once at start. */
export function followConnection(client: Client): void {
  useConnection.setState(client.status(), true);
  client.onStatus((status) => useConnection.setState(status, true));
}

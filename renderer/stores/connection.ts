import { create } from 'zustand';
import type { Client, LinkStatus } from '../client/index.ts';

export const useConnection = create<LinkStatus>()(() => ({
  state: 'connecting',
  error: null,
  retryAt: null,
}));

let wasLive = false;

/** Whether Pilotlight answers at its address as far as is known: it does, or this page has just come from there. */
export const answersHere = (): boolean => !wasLive || useConnection.getState().state === 'live';

/** Mirrors the link's status; called once at start. */
export function followConnection(client: Client): void {
  useConnection.setState(client.status(), true);
  client.onStatus((status) => {
    wasLive ||= status.state === 'live';
    useConnection.setState(status, true);
  });
}

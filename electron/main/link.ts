import type { IpcMain, IpcMainEvent, MessagePortMain } from 'electron';
import { mayLink } from './origin.ts';

/** Once it is open, everything that the core knows goes over the port. */
export const linkChannel = 'pilotlight:link';

export interface LinkDoorOptions {
  ipc: IpcMain;
  /** Serves the contract on a port. The port is not started yet; it queues what is sent to it. */
  serve(port: MessagePortMain): void;
}

/** Accepts the port from the preload script, if the panel in the window's main frame sent it. */
export function openLinkDoor({ ipc, serve }: LinkDoorOptions): void {
  ipc.on(linkChannel, (event) => {
    const port = linkedPort(event);
    if (port !== null) serve(port);
  });
}

/** The port of a message, if the panel in the window's main frame sent it; any other one is closed. */
export function linkedPort({
  senderFrame: frame,
  sender,
  ports,
}: Pick<IpcMainEvent, 'senderFrame' | 'sender' | 'ports'>): MessagePortMain | null {
  const [port, ...more] = ports;
  for (const extra of more) extra.close();
  if (port === undefined) return null;
  const isMainFrame = frame?.frameTreeNodeId === sender.mainFrame.frameTreeNodeId;
  if (mayLink({ frameUrl: frame?.url, isMainFrame })) return port;
  port.close();
  return null;
}

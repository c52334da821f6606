import type { IpcMain, MessagePortMain } from 'electron';
import { mayLink } from './origin.ts';

/** The only IPC channel of the program; once it is open, everything goes over the port. */
export const linkChannel = 'pilotlight:link';

export interface LinkDoorOptions {
  ipc: IpcMain;
  /** Serves the contract on a port. The port is not started yet; it queues what is sent to it. */
  serve(port: MessagePortMain): void;
}

/** Accepts the port from the preload script, if the panel in the window's main frame sent it. */
export function openLinkDoor({ ipc, serve }: LinkDoorOptions): void {
  ipc.on(linkChannel, (event) => {
    const frame = event.senderFrame;
    const [port, ...more] = event.ports;
    for (const extra of more) extra.close();
    if (port === undefined) return;
    const isMainFrame = frame?.frameTreeNodeId === event.sender.mainFrame.frameTreeNodeId;
    if (mayLink({ frameUrl: frame?.url, isMainFrame })) serve(port);
    else port.close();
  });
}

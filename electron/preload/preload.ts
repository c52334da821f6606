import { contextBridge, ipcRenderer } from 'electron';
import type { ClientMessage, ServerMessage } from '../../shared/contract/link.ts';
import { createEmitter } from '../../shared/emitter.ts';

// The page gets two functions and no port: it can talk to the core, and to nothing else in Electron.
const { port1: own, port2: handedOver } = new MessageChannel();
const messages = createEmitter<[ServerMessage]>({ name: 'page' });

own.onmessage = (event: MessageEvent<ServerMessage>) => {
  messages.emit(event.data);
};

// The same name as in electron/main/link.ts; a sandboxed preload shares no code with it.
ipcRenderer.postMessage('pilotlight:link', null, [handedOver]);

contextBridge.exposeInMainWorld('pilotlight', {
  /** Sends one message of the contract. The core checks it. */
  send(message: ClientMessage): void {
    own.postMessage(message);
  },
  /** Calls the listener with each message from the core until the returned function is called. */
  onMessage(listener: (message: ServerMessage) => void): () => void {
    return messages.on(listener);
  },
});

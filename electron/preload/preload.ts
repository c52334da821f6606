import { contextBridge, ipcRenderer } from 'electron';
import type { ClientMessage, ServerMessage } from '../../shared/contract/link.ts';
import { createEmitter } from '../../shared/emitter.ts';

// The page gets three functions and no port: it can talk to the core, and ask the person for a folder.
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
  /** Opens the system's dialog. Calls the listener once, with null if no folder was chosen. */
  chooseFolder(listener: (path: string | null) => void): void {
    const { port1: answer, port2: question } = new MessageChannel();
    answer.onmessage = (event: MessageEvent<string | null>) => {
      answer.close();
      listener(event.data);
    };
    // The same name as in electron/main/folder-dialog.ts.
    ipcRenderer.postMessage('pilotlight:folder', null, [question]);
  },
});

/** A client of the Chrome DevTools Protocol over one WebSocket, with flat sessions. */
import { WebSocket } from 'ws';

export type Params = Record<string, unknown>;
type Listener = (params: never) => void;

export interface CdpSession {
  send(method: string, params?: Params): Promise<Params>;
  on<Event>(method: string, listener: (event: Event) => void): void;
}

export interface Cdp extends CdpSession {
  /** The same connection, for one attached target. */
  session(sessionId: string): CdpSession;
  close(): void;
}

interface Message {
  id?: number;
  method?: string;
  params?: Params;
  result?: Params;
  error?: { message: string };
  sessionId?: string;
}

export async function connectCdp(url: string): Promise<Cdp> {
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 2 ** 28 });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const waiting = new Map<number, { resolve(result: Params): void; reject(error: Error): void }>();
  const listeners = new Map<string, Listener[]>();
  let last = 0;

  socket.on('message', (data) => {
    const { id, method, params, result, error, sessionId } = JSON.parse(String(data)) as Message;
    if (id !== undefined) {
      const call = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) call?.resolve(result ?? {});
      else call?.reject(new Error(error.message));
    } else if (method !== undefined) {
      for (const listener of listeners.get(`${sessionId ?? ''} ${method}`) ?? []) listener(params as never);
    }
  });
  socket.on('close', () => {
    for (const call of waiting.values()) call.reject(new Error('The browser is gone.'));
    waiting.clear();
  });

  function face(sessionId?: string): CdpSession {
    return {
      send(method, params = {}) {
        last += 1;
        const id = last;
        return new Promise((resolve, reject) => {
          if (socket.readyState !== WebSocket.OPEN) return reject(new Error('The browser is gone.'));
          waiting.set(id, { resolve, reject });
          socket.send(
            JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }),
          );
        });
      },
      on(method, listener) {
        const key = `${sessionId ?? ''} ${method}`;
        listeners.set(key, [...(listeners.get(key) ?? []), listener as Listener]);
      },
    };
  }

  return { ...face(), session: face, close: () => socket.close() };
}

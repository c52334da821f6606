/** What a utility process of Electron finds; Node's own types do not have it. */

/** The end of a MessageChannelMain. */
export interface HandedPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  on(event: 'close', listener: () => void): void;
  /** Delivers what has come already. */
  start(): void;
  close(): void;
}

export interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown; ports?: readonly HandedPort[] }) => void): void;
}

/** undefined in a child process of Node. */
export function parentPort(): ParentPort | undefined {
  return (process as { parentPort?: ParentPort }).parentPort;
}

/** The serial console of the guest: what a person at the machine sees and types. */
import { connect } from 'node:net';
import { EVENT_MS, within } from './deadline.ts';

export interface Console {
  type(line: string): void;
  /** Where the text ends now, for `until`. */
  mark(): number;
  /** Resolves with the text since the mark, once it fits. */
  until(fits: RegExp, since: number, what: string, ms?: number): Promise<string>;
  /** Logs a user in whose password is the name. */
  login(user: string): Promise<void>;
  logout(): Promise<void>;
}

/** Longer than login itself waits. */
const LOGIN_MS = 90_000;

export function openConsole(path: string): Console {
  let text = '';
  let loggedIn = false;
  const listeners = new Set<() => void>();
  const socket = connect(path);
  socket.on('error', () => {});
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (const listener of listeners) listener();
  });

  async function until(fits: RegExp, since: number, what: string, ms = EVENT_MS): Promise<string> {
    const found = Promise.withResolvers<string>();
    const check = () => {
      if (fits.test(text.slice(since))) found.resolve(text.slice(since));
    };
    listeners.add(check);
    check();
    try {
      return await within(
        found.promise,
        `${what} on the console, which ends with ${JSON.stringify(text.slice(-300))}`,
        ms,
      );
    } finally {
      listeners.delete(check);
    }
  }

  const type = (line: string) => void socket.write(`${line}\n`);
  const mark = () => text.length;

  return {
    type,
    mark,
    until,
    async login(user) {
      for (let tries = 1; ; tries += 1) {
        try {
          let since = mark();
          type('');
          await until(/login: $/, since, 'a login prompt', LOGIN_MS);
          since = mark();
          type(user);
          await until(/Password: $/, since, 'the question for a password', LOGIN_MS);
          since = mark();
          type(user);
          await until(/\$ $/, since, 'a shell', LOGIN_MS);
          loggedIn = true;
          return;
        } catch (error) {
          // What is typed while login sets the terminal up is lost.
          if (tries === 3) throw error;
        }
      }
    },
    async logout() {
      if (!loggedIn) return;
      loggedIn = false;
      const since = mark();
      type('exit');
      await until(/login: $/, since, 'a login prompt');
    },
  };
}

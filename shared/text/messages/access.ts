import { plural } from '../../units.ts';
import { list } from '../grammar.ts';

/** Keys, sessions, and what is wrong with a token that a person enters. */
export const accessMessages = {
  KEY_CREATED: ({ name, rights }: { name: string; rights: readonly string[] }) =>
    `The key "${name}" was created. It may ${list(rights)}.`,
  KEY_ROTATED: ({ name }: { name: string }) =>
    `The key "${name}" has a new secret; the old one stopped working.`,
  KEY_WAS_REVOKED: ({ name }: { name: string }) => `The key "${name}" was revoked.`,
  SIGNED_IN: ({ browser }: { browser: string }) => `A browser signed in: ${browser}.`,
  SIGNED_OUT: ({ browser }: { browser: string }) => `${browser} was signed out.`,
  SIGNED_OUT_OTHERS: ({ count }: { count: number }) =>
    `${plural(count, 'other browser was', 'other browsers were')} signed out.`,
  PORT_WAS_TAKEN: ({ port, count }: { port: number; count: number }) =>
    `Another program uses port ${port}, where the panel was. ${plural(count, 'browser was', 'browsers were')} signed out, because it could have read their sessions.`,
  INDEX_TOKEN_MOVED: ({ name }: { name: string }) =>
    `The token for /index is now the key "${name}" in Settings → Access. Programs that use it need no change.`,

  TOKEN_CHARACTERS: () =>
    'A token has only letters, digits and signs of plain ASCII. This one contains a space, a line break, an accent or another character.',
  TOKEN_TOO_LONG: () => 'A token has at most 4,096 characters.',
  ADDRESS_NOT_CALLABLE: () => 'This is not an http or https address that can be called.',

  NO_SUCH_KEY: () => 'There is no such key.',
  NO_SUCH_SESSION: () => 'There is no such session.',
  KEY_NAME_TAKEN: ({ name }: { name: string }) => `There is already a key called "${name}".`,
  ROTATE_OR_RENAME_KEY: () => 'Rotate or revoke that one, or choose another name.',
  PROGRAM_KEY_RIGHTS: ({ rights }: { rights: readonly string[] }) =>
    `A program's key cannot have the ${rights.length === 1 ? 'right' : 'rights'} ${list(rights)}.`,
};

import { plural } from '../../units.ts';
import { sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

const saved = (count: number) => plural(count, 'saved password or token', 'saved passwords or tokens');

const keyInFile =
  'Passwords and tokens are encrypted. The key is stored beside them, in a file that only this user can read.';

/** Saved passwords and tokens. */
export const secretMessages = {
  // How they are protected.
  SECRETS_IN_KEY_STORE: () => "Passwords and tokens are encrypted with this system's key store.",
  SECRETS_WITH_KEY_FILE: ({ noKeyStore }: { noKeyStore: boolean }) =>
    sentences(noKeyStore ? 'This system has no key store, such as a keyring or wallet.' : '', keyInFile),

  SECRETS_SET_ASIDE: ({ what, files }: { what: Text; files: readonly string[] }) =>
    sentences(what, files.length === 0 ? '' : `Set aside: ${files.join(', ')}.`),
  SECRETS_UNREADABLE: () => 'The saved passwords and tokens could not be read.',
  SECRETS_NOT_OPENED: ({ count, keyDamaged }: { count: number; keyDamaged: boolean }) =>
    `${saved(count)} could not be opened: ${keyDamaged ? 'the key was damaged' : 'the key has changed, or they were damaged'}.`,
  SECRETS_KEY_DAMAGED: () => 'The key of the saved passwords and tokens was damaged.',
  SET_SECRETS_AGAIN: () =>
    'Set them again (webhooks in Settings, SecureOn passwords at their machines), and pair agents again.',
  SECRETS_LOCKED: ({ count }: { count: number }) =>
    `${saved(count)} cannot be opened here: their key is in the desktop's key store.`,
  UNLOCK_OR_SET_AGAIN: () => 'Unlock the key store and start the desktop program, or set them again.',
  OLD_SECRETS_NOT_MOVED: () =>
    'Not all passwords and tokens of an older version could be moved to the secret store.',
  FREE_SPACE_AND_RESTART: () => 'Free some space and restart Pilotlight; it tries again.',
};

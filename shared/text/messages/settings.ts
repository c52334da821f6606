import { clause } from '../grammar.ts';
import type { Text } from '../types.ts';

interface Problem {
  path: string;
  message: Text;
}

/** Settings. */
export const settingsMessages = {
  /** The path is empty if all of them are wrong. */
  SETTINGS_NOT_USED: ({ problems }: { problems: readonly Problem[] }) =>
    `Some saved settings could not be used: ${problems
      .map(({ path, message }) => (path === '' ? clause(message) : `${path}: ${clause(message)}`))
      .join('; ')}.`,
  SET_SETTINGS_AGAIN: () => 'Their defaults are in use; set them again in Settings.',
  CANNOT_BE_SET: ({ fields }: { fields: readonly Problem[] }) =>
    `This cannot be set: ${fields.map(({ path, message }) => `${path} (${clause(message)})`).join(', ')}.`,

  // What is wrong with a setting.
  NO_SUCH_SETTING: () => 'This version has no such setting.',
  SETTINGS_ARE_A_GROUP: () => 'This is a group of settings, not a value.',
  SETTINGS_NOT_AN_OBJECT: () => 'The saved settings are not an object.',
};

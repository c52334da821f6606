/** The desktop program. */
export const desktopMessages = {
  SHORTCUT_TAKEN: ({ keys }: { keys: string | null }) => `The shortcut ${keys} could not be registered.`,
  CHOOSE_OTHER_KEYS: () => 'Another program may use it. Choose other keys in Settings.',
  START_AT_LOGIN_FAILED: () => 'Starting at login could not be changed.',
  CHECK_SETTINGS_FOLDER: () =>
    'The system did not let Pilotlight save it. Check the permissions of your settings folder.',
};

/** Settings. */
export const settingsMessages = {
  SETTINGS_NOT_USED: ({ problems }: { problems: readonly string[] }) =>
    `Some saved settings could not be used: ${problems.join('; ')}.`,
  SET_SETTINGS_AGAIN: () => 'Their defaults are in use; set them again in Settings.',
  CANNOT_BE_SET: ({ fields }: { fields: readonly { path: string; message: string }[] }) =>
    `This cannot be set: ${fields.map(({ path, message }) => `${path} (${message})`).join(', ')}.`,
};

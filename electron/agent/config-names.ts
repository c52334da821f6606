/** What an option is called as a flag and in the environment. */
export const flagOf = (key: string) => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
export const environmentPrefix = 'PILOTLIGHT_AGENT_';
export const environmentOf = (key: string) =>
  environmentPrefix + flagOf(key).replaceAll('-', '_').toUpperCase();
/** Options of the program, not of the agent: its folder and its file. */
export const placeVariables = [`${environmentPrefix}DATA`, `${environmentPrefix}CONFIG`];

import { existsSync } from 'node:fs';

/** Whether this program runs in a container of Docker or Podman: what it writes there ends with the container. */
export const isInContainer = (): boolean =>
  ['/.dockerenv', '/run/.containerenv'].some((path) => existsSync(path));

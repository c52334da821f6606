/** What a core and a process that outlives it send beside the messages of every worker. */

/** To the process. */
export type LinkMessage =
  /** The core stops in order: end when nothing runs any more, unless another core connects. */
  | { kind: 'leave' }
  /** Another version takes over: close the listener, let requests finish, and end. */
  | { kind: 'retire' };

/** How long a process runs without a core by default, milliseconds. */
export const ORPHAN_MS = 30_000;

/** What the process writes to its standard output when it can be connected to. */
export const READY = 'ready';

/** Its command-line options. */
export const endpointOption = '--link-endpoint=';
export const versionOption = '--link-version=';
export const orphanOption = '--link-orphan-ms=';

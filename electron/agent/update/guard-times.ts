/** A new program has to listen within this time. */
export const LISTEN_MS = 60_000;
/** And to stay for this long. */
export const PROVE_MS = 15_000;

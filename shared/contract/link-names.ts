/** Paths and names of a link. Without schemas, so that the panel can bundle it. */

/** A call over HTTP: `POST /api/call/<method>` with the params as JSON. An error is a WireError. */
export const callPath = (method: string) => `/api/call/${method}`;
export const streamPath = '/api/link';
/** The largest message or call, bytes: a picture of 10 MiB as base64, and what is around it. */
export const mostMessageBytes = 15 * 1_048_576;
export const exchangePath = '/api/session';
export const proofPath = '/api/session/proof';
/** A WebSocket is closed with it when its credential has ended. */
export const signedOutCode = 4401;
/** Sealed calls of programs on the same computer: see `local-calls.ts`. */
export const localPaths = { challenge: '/api/local/challenge', call: '/api/local/call' } as const;

/** A browser cannot set headers on a WebSocket, so this subprotocol carries the bearer. */
export const linkProtocol = 'pilotlight.v1';
export const bearerProtocol = (bearer: string) => `pilotlight.bearer.${bearer}`;

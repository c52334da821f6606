/** Where a link is found and what its parts are called. Without the schemas, so that the panel can carry it. */

/** HTTP face of a call: `POST /api/call/<method>` with the params as JSON; errors carry a WireError. */
export const callPath = (method: string) => `/api/call/${method}`;
export const streamPath = '/api/link';
export const exchangePath = '/api/session';

/** A WebSocket cannot send headers from a browser: the bearer rides in this subprotocol. */
export const linkProtocol = 'pilotlight.v1';
export const bearerProtocol = (bearer: string) => `pilotlight.bearer.${bearer}`;

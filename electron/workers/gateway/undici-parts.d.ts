/**
 * The files of undici that relay a request. Its index loads fetch, WebSocket, mocks and caches as well: half a megabyte
 * in the package, and in the memory of each gateway.
 */
declare module 'undici/lib/dispatcher/pool.js' {
  export { Pool as default } from 'undici';
}

declare module 'undici/lib/core/errors.js' {
  export { errors as default } from 'undici';
}

/** Errors that the gateway answers to the programs that use it. */
import type { Catalogue } from './entry.ts';

export const gatewayRequestErrors = {
  GATEWAY_KEY_NEEDED: {
    message: 'This gateway needs a key.',
    next: 'Create one with "npm run pilotlight -- keys add NAME", and send it as "Authorization: Bearer KEY" or in the address: http://HOST:PORT/k/KEY.',
    status: 401,
  },
  GATEWAY_FOREIGN_PAGE: {
    message: 'Pages of other sites may not use this gateway.',
    next: 'Send a key, or open the page from this computer.',
    status: 403,
  },
  GATEWAY_RIGHT_MISSING: {
    message: 'This key does not allow that.',
    next: 'Requests to models need the right "infer", changes to machines the right "control".',
    status: 403,
  },
  MODEL_NOT_ALLOWED: {
    message: 'This key may not use the model.',
    next: 'Add the model to the key in Settings → Access.',
    status: 403,
  },
  TOO_MANY_REQUESTS: {
    message: 'This key has used its requests for this minute.',
    next: 'Wait, or raise its limit in Settings → Access.',
    status: 429,
  },
  TOO_MANY_WRONG_KEYS: {
    message: 'Too many wrong keys came from this address.',
    next: 'Wait before you try again.',
    status: 429,
  },
  CLOUD_NOT_ALLOWED: {
    message: 'This would leave your network, and that is not allowed.',
    next: 'Allow models and web searches outside of your network in Settings → Gateway.',
    status: 403,
  },
  NODE_NOT_CHOSEN: {
    message: 'This changes a machine, and none was chosen.',
    next: 'Name it in the header X-Pilotlight-Node or in the address (/n/NODE/api/…), or choose one in Settings → Gateway.',
    status: 400,
  },
  NODE_NOT_KNOWN: {
    message: 'There is no machine with this name.',
    next: 'Use the name or the id of a machine of your fleet.',
    status: 404,
  },
  MODEL_SPEAKS_OTHER_DIALECT: {
    message: 'The servers that have this model do not speak this API.',
    next: 'Use the OpenAI API (/v1) for it, or install the model on an Ollama server.',
    status: 400,
  },
  NODE_FAILING: {
    message: 'The machines with this model fail at the moment.',
    next: 'They are tried again in a few seconds. Check them in the panel if this continues.',
    status: 503,
  },
  MODEL_IS_MOVING: {
    message: 'The model is being moved.',
    next: 'Try again in a few seconds.',
    status: 503,
  },
  GATEWAY_ALONE: {
    message:
      'The machines with this model are asleep, and the part of Pilotlight that wakes them is not running.',
    next: 'Start Pilotlight, or wake the machine yourself.',
    status: 503,
  },
  QUEUE_FULL: {
    message: 'Too many requests wait for this model.',
    next: 'Try again later, or raise the limit in Settings → Gateway.',
    status: 503,
  },
  QUEUE_WAIT_OVER: {
    message: 'The request has waited for its turn as long as it may.',
    next: 'Try again later, or let requests wait longer in Settings → Gateway.',
    status: 503,
  },
  TOO_MANY_RETRIES: {
    message: 'This program asks again without waiting.',
    next: 'Wait as long as the header Retry-After says.',
    status: 429,
  },
  /** The status is the one that Ollama has for it; clients do not repeat a request after it. */
  REQUEST_CANCELLED: {
    message: 'A person cancelled this request in Pilotlight.',
    next: 'Send it again if it is still needed.',
    status: 499,
  },
  GATEWAY_ENDED: {
    message: 'The gateway ended while it served this request.',
    next: 'It has been started again: send the request once more.',
    status: 503,
  },
  BODY_MEMORY_FULL: {
    message: 'The memory for waiting requests is full.',
    next: 'Try again in a few seconds, or raise its limit in Settings → Gateway.',
    status: 503,
  },
  REQUEST_TOO_LARGE: {
    message: 'The request is too large.',
    next: 'Send less at once, or raise the limit in Settings → Gateway.',
    status: 413,
  },
  ENCODING_NOT_SUPPORTED: {
    message: 'This Content-Encoding is not supported.',
    next: 'Send the request as zstd, gzip, deflate or br, or without an encoding.',
    status: 415,
  },
  BAD_ENCODING: {
    message: 'The request is not encoded as its Content-Encoding says.',
    next: 'Correct the header or the body.',
    status: 400,
  },
  BAD_TARGET: {
    message: 'The target of the request is not a path.',
    next: 'Use the address of the gateway as the base URL, not as a proxy.',
    status: 400,
  },
  GATEWAY_NOT_READY: {
    message: 'The gateway does not know the fleet yet.',
    next: 'Try again in a few seconds.',
    status: 503,
  },
} as const satisfies Catalogue;

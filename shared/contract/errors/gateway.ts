/** Errors of the gateway: why it does not listen. */
import type { Catalogue } from './entry.ts';

export const gatewayErrors = {
  GATEWAY_NEEDS_KEY: {
    message: 'The gateway accepts connections from the network only if they need a key, and there is none.',
    next: 'Create a key with the right "infer" first: "npm run pilotlight -- keys add NAME --kind program".',
    status: 409,
  },
  GATEWAY_NOT_STARTED: {
    message: 'The process of the gateway could not be started.',
    next: 'It is tried again by itself. If this stays, see the log: start Pilotlight with PILOTLIGHT_LOG=info.',
    status: 503,
  },
  GATEWAY_CANNOT_LISTEN: {
    message: 'The gateway cannot listen at its address.',
    next: 'Choose another port in Settings → Gateway.',
    status: 409,
  },
  GATEWAY_OFF: {
    message: 'The gateway does not run.',
    next: 'Turn it on in Settings → Gateway.',
    status: 409,
  },
} as const satisfies Catalogue;

import { plural } from '../../units.ts';

/** Why the gateway sent a request to a machine, compared with the next one in its order. */
export const gatewayMessages = {
  ROUTE_ONLY_NODE: ({ node }: { node: string }) => `${node} is the only machine that can serve it now.`,
  ROUTE_LAST_NODE: ({ node }: { node: string }) => `${node} was the last machine left to try.`,
  ROUTE_SAME_WEIGHTS: ({ node }: { node: string }) =>
    `${node} has the same weights as before. Another machine has different ones under this name.`,
  ROUTE_LOADED: ({ node }: { node: string }) =>
    `The model is loaded on ${node}, with the context that was asked for.`,
  ROUTE_MAYBE_LOADED: ({ node }: { node: string }) =>
    `${node} may have the model loaded: its server doesn't say. Elsewhere it would have to be loaded first.`,
  ROUTE_GPU_SHARE: ({ node, percent }: { node: string; percent: number }) =>
    `${node} has more of the model on its GPU (${percent}%).`,
  ROUTE_FREE_SLOT: ({ node, inFlight }: { node: string; inFlight: number }) =>
    `${node} has a free slot (${plural(inFlight, 'request')} in flight).`,
  ROUTE_FITS: ({ node }: { node: string }) => `The model fits on ${node} without unloading another one.`,
  ROUTE_KNOWS_CONVERSATION: ({ node, percent }: { node: string; percent: number }) =>
    `${node} answered this conversation before (${percent}% of it), so it needn't read all of it again.`,
  ROUTE_LESS_BUSY: ({ node, inFlight }: { node: string; inFlight: number }) =>
    `${node} is less busy (${plural(inFlight, 'request')} in flight).`,
  ROUTE_FLEET_ORDER: ({ node }: { node: string }) =>
    `${node} is as good as the others, and comes first in the fleet.`,
};

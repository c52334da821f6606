/**
 * The order of nodes for one request through the gateway, or why none can serve it. Pure; the gateway's process imports
 * it.
 *
 * A node must have the model under its canonical name, speak the request's dialect, answer, not be moving the model and
 * not be excluded by its breaker. Then: the preferred weights, if nodes have different ones under this name
 * (request-weights.ts) → loaded with the matching context → share on the GPU → a free slot → fits without an eviction.
 * Between equals: `match − β · load` (stickiness.ts), then the fewest in flight, then the order of the fleet.
 */
import type { Message } from '../../../shared/models/message.ts';
import { canonicalName } from '../fleet/model-placement.ts';
import { type HeldModel, heldModel } from './held-model.ts';
import { type Ranked, rank, reasonFor, type Score, type Standing, scoreOf } from './request-rank.ts';
import { preferredWeights } from './request-weights.ts';
import type { Stickiness } from './stickiness.ts';

export interface GatewayRequest {
  /** In any form; compared by its canonical name. */
  model: string;
  /** Only these weights; null for any. */
  digest: string | null;
  /** `num_ctx` of the request; null if unset. */
  contextLength: number | null;
  /** What it asks of the model; null if that is unknown. Only `embed` makes a difference to the order. */
  capability: 'chat' | 'generate' | 'embed' | null;
  dialect: string;
  /** One session id, or cumulative prefixes with the longest last; empty for none. */
  conversation: readonly string[];
}

/** The parts of a table's node that the route needs, with what the gateway counts. */
export interface RequestNode {
  id: string;
  name: string;
  dialects: readonly string[];
  serving: boolean;
  hasGpu: boolean | null;
  installed: readonly HeldModel[];
  loaded: readonly {
    name: string;
    digest: string;
    sizeBytes: number;
    contextLength: number | null;
    gpuShare: number;
  }[];
  saysPlacement: boolean;
  vram: { totalBytes: number | null; usedBytes: number | null };
  slots: number | null;
  moving: readonly string[];
  /** Its server starts no more loads. Left out: no. */
  wedged?: boolean;
  /** Requests that the gateway has sent there and that have not ended. */
  inFlight: number;
  /** Those for the request's model. */
  inFlightOfModel: number;
  /** Its breaker is open. */
  excluded: boolean;
}

export interface RouteState {
  stickiness: Stickiness;
  beta: number;
}

/** Why this node; its English is in shared/text/messages/gateway.ts. */
export type RouteReason = Message;

export interface RankedChoice {
  nodeId: string;
  node: string;
  /** The model's name there. It may differ from the requested one in case and tag, not in meaning. */
  model: string;
  /** Empty if the server reports none. */
  digest: string;
  /** The model runs elsewhere. */
  cloud: boolean;
  standing: Standing;
  score: Score;
  /** Why it comes before the next one. */
  reason: RouteReason;
}

export type NoRoute =
  | 'MODEL_NOT_FOUND'
  | 'NODE_ASLEEP'
  | 'MODEL_SPEAKS_OTHER_DIALECT'
  | 'NODE_FAILING'
  | 'MODEL_IS_MOVING';

export type RequestRoute =
  /** The best first; the others are for a retry. Never empty. */
  | { kind: 'use'; choices: RankedChoice[] }
  /** `nodes`: names of those that have the model but can't serve it. */
  | { kind: 'none'; code: NoRoute; nodes: string[] };

interface Candidate {
  node: RequestNode;
  place: number;
  model: HeldModel;
}

type Entry = Ranked & { candidate: Candidate };

export function routeRequest(
  request: GatewayRequest,
  nodes: readonly RequestNode[],
  { stickiness, beta }: RouteState,
): RequestRoute {
  const wanted = canonicalName(request.model);
  const having = nodes.flatMap((node, place) => {
    const model = heldModel(node, request);
    return model === null ? [] : [{ node, place, model }];
  });
  const none = (code: NoRoute, refused: readonly Candidate[]): RequestRoute => ({
    kind: 'none',
    code,
    nodes: refused.map(({ node }) => node.name),
  });
  if (having.length === 0) return none('MODEL_NOT_FOUND', []);
  const speaking = having.filter(({ node }) => node.dialects.includes(request.dialect));
  if (speaking.length === 0) return none('MODEL_SPEAKS_OTHER_DIALECT', having);
  const serving = speaking.filter(({ node }) => node.serving);
  if (serving.length === 0) return none('NODE_ASLEEP', speaking);
  const healthy = serving.filter(({ node, model }) => !node.excluded && !isStuck(node, model));
  if (healthy.length === 0) return none('NODE_FAILING', serving);
  const usable = healthy.filter(({ node }) => !node.moving.some((name) => canonicalName(name) === wanted));
  if (usable.length === 0) return none('MODEL_IS_MOVING', healthy);

  const known = stickiness.matches(request.conversation);
  const weights = preferredWeights(
    speaking.map(({ node, model }) => ({ nodeId: node.id, ...model })),
    { embeds: request.capability === 'embed', conversation: longestMatch(known.values())?.digest ?? null },
  );
  const ranked = rank(
    usable.map((candidate): Entry => {
      const { node, place, model } = candidate;
      return {
        candidate,
        node: node.name,
        place,
        inFlight: node.inFlight,
        inFlightOfModel: node.inFlightOfModel,
        standing: {
          weights: weights === null || model.digest === weights ? 1 : 0,
          ...standingOn(node, model, request.contextLength),
        },
        score: scoreOf(known.get(node.id)?.match ?? 0, node.inFlight, node.slots, beta),
      };
    }),
  );
  return {
    kind: 'use',
    choices: ranked.map((entry, index) => ({
      nodeId: entry.candidate.node.id,
      node: entry.node,
      model: entry.candidate.model.name,
      digest: entry.candidate.model.digest,
      cloud: entry.candidate.model.cloud,
      standing: entry.standing,
      score: entry.score,
      reason: reasonFor(entry, ranked[index + 1] ?? null, index === 0),
    })),
  };
}

function longestMatch<Known extends { match: number }>(known: Iterable<Known>): Known | null {
  let longest: Known | null = null;
  for (const one of known) if (longest === null || one.match > longest.match) longest = one;
  return longest;
}

function standingOn(
  node: RequestNode,
  model: HeldModel,
  contextLength: number | null,
): Omit<Standing, 'weights'> {
  const free = node.slots === null || node.inFlight < node.slots ? 1 : 0;
  const expected = node.hasGpu === null ? 50 : node.hasGpu ? 100 : 0;
  if (!node.saysPlacement) return { loaded: 1, gpuPercent: expected, free, fit: 1 };
  const loaded = loadedAs(node, model);
  if (loaded === undefined) {
    return { loaded: 0, gpuPercent: expected, free, fit: fitOf(node, model.sizeBytes) };
  }
  // Unknown is not another context: the server has it loaded, and keeps it if that is what is asked for.
  const matches =
    contextLength === null || loaded.contextLength === null || loaded.contextLength === contextLength;
  // With another context it is loaded again in its own place, which ends it for those who use it.
  if (!matches) return { loaded: 0, gpuPercent: expected, free, fit: 1 };
  return { loaded: 2, gpuPercent: Math.round(loaded.gpuShare * 100), free, fit: 2 };
}

/** Another load would wait there for ever. */
const isStuck = (node: RequestNode, model: HeldModel): boolean =>
  node.wedged === true && loadedAs(node, model) === undefined;

/** A server lists a model under the name that loaded it; another tag of the same weights is loaded, too. */
const loadedAs = ({ loaded }: RequestNode, model: HeldModel) =>
  loaded.find(
    ({ name, digest }) =>
      canonicalName(name) === canonicalName(model.name) || (digest !== '' && digest === model.digest),
  );

/** Whether a model that is not loaded fits beside what is. Without a GPU nothing is unloaded for VRAM. */
function fitOf({ hasGpu, vram, loaded }: RequestNode, sizeBytes: number): number {
  if (hasGpu === false) return 1;
  const { totalBytes, usedBytes } = vram;
  if (totalBytes === null || usedBytes === null || sizeBytes <= 0) return 1;
  if (sizeBytes <= totalBytes - usedBytes) return 2;
  return loaded.length > 0 ? 0 : 1;
}

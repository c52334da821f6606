/** Gets one node ready: awake, models listed, and the model on the GPU if needed. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { Placement } from '../../../shared/models/placement.ts';
import { waitForNode } from '../fleet/wait-for.ts';
import type { InferenceServer } from '../ports/inference.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import type { ReadyStage } from './failure.ts';
import type { AcquireDependencies, AcquireRequest } from './model.ts';
import { modelOnNode, type WantedModel } from './route.ts';

export interface ReadyNode {
  node: NodeView;
  server: InferenceServer;
  model: string | null;
  placement: Placement | null;
  reason: Message | null;
}

/** A server that has just come up lists its models a moment later. */
const LISTS_MODELS_WITHIN_MS = 5000;

export type ReadyRequest = Omit<AcquireRequest, 'nodeId'> & {
  nodeId: string;
  onStage?(stage: ReadyStage): void;
};

/** Rejects with why the node did not become ready. */
export async function makeReady(
  dependencies: Omit<AcquireDependencies, 'leases' | 'inFlight' | 'log'>,
  request: ReadyRequest,
): Promise<ReadyNode> {
  const { fleet, placement } = dependencies;
  const { nodeId, signal, by, onStep } = request;
  const { name } = await serving(dependencies, request);
  const model =
    request.model === undefined ? null : await listed(dependencies, nodeId, request.model, signal);
  const server = capableServer(dependencies, request);
  // Where a server that doesn't say has its models is its own affair; unknown is not the CPU.
  const places = server.capabilities.has('says-placement');
  if (model === null || request.gpu !== 'needed' || !places) {
    const node = current(fleet, nodeId);
    const loaded = node.loaded.find((entry) => entry.name === model);
    return { node, server, model, placement: loaded?.placement ?? null, reason: null };
  }
  onStep?.({ step: 'placing', nodeId, name, model });
  const placed = await placement.ensureOnGpu({ nodeId, model, by, signal });
  signal.throwIfAborted();
  // The machine may have dropped out, or its address may have changed, while the model was placed.
  return { node: current(fleet, nodeId), server: capableServer(dependencies, request), model, ...placed };
}

async function serving(
  { fleet, wakes }: Pick<AcquireDependencies, 'fleet' | 'wakes'>,
  request: ReadyRequest,
): Promise<NodeView> {
  const { nodeId, signal, by, onStep } = request;
  const node = fleet.get(nodeId);
  if (node === null) throw new PilotlightError('NOT_FOUND', { details: { nodeId } });
  if (isServing(node.state)) return node;
  if (request.wake !== true) throw asleep(node);
  const { name } = node;
  request.onStage?.('waking');
  onStep?.({ step: 'waking', nodeId, name });
  const awake = await wakes.ensureAwake(nodeId, { signal, by });
  request.onStage?.('woken');
  onStep?.({ step: 'awake', nodeId, name });
  return awake;
}

async function listed(
  { clock, fleet }: Pick<AcquireDependencies, 'clock' | 'fleet'>,
  nodeId: string,
  wanted: WantedModel,
  signal: AbortSignal,
): Promise<string> {
  if (fleet.get(nodeId)?.installed.length === 0) {
    fleet.probeSoon(nodeId);
    try {
      await withDeadline(clock, LISTS_MODELS_WITHIN_MS, signal, (limited) =>
        waitForNode(
          { view: fleet.get(nodeId), onChange: fleet.onChange },
          (seen) => seen.installed.length > 0,
          limited,
        ),
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!isPilotlightError(error) || error.code !== 'HOST_TIMEOUT') throw error;
    }
  }
  const node = current(fleet, nodeId);
  const model = modelOnNode(node, wanted);
  if (model !== null) return model;
  throw new PilotlightError('MODEL_NOT_FOUND', {
    message: fact('MODEL_NOT_ON_NODE', { model: wanted.name, node: node.name }),
    details: { nodeId },
  });
}

function current(fleet: AcquireDependencies['fleet'], nodeId: string): NodeView {
  const node = fleet.get(nodeId);
  if (node === null) throw new PilotlightError('NOT_FOUND', { details: { nodeId } });
  if (!isServing(node.state)) throw asleep(node);
  return node;
}

/** Throws NO_SERVER if the node has no server, or one without a required capability. */
function capableServer(
  { fleet }: Pick<AcquireDependencies, 'fleet'>,
  { nodeId, requirement }: Pick<AcquireRequest, 'requirement'> & { nodeId: string },
): InferenceServer {
  const server = fleet.server(nodeId);
  if (server === null) throw new PilotlightError('NO_SERVER', { details: { nodeId } });
  const missing = requirement?.capabilities.find((capability) => !server.capabilities.has(capability));
  if (missing !== undefined) {
    throw new PilotlightError('NO_SERVER', { details: { nodeId, missing } });
  }
  return server;
}

const asleep = ({ id, name }: NodeView) =>
  new PilotlightError('NODE_ASLEEP', {
    message: fact('NODE_NOT_SERVING', { node: name }),
    details: { nodeId: id },
  });

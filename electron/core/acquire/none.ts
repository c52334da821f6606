/** The error if no node is suitable. Pure. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { modelOnNode, type RoutedNode, type WantedModel } from './route.ts';

export function noneError(nodes: readonly RoutedNode[], model: WantedModel | null): PilotlightError {
  const having = nodes.filter(
    (node) => node.url !== null && (model === null || modelOnNode(node, model) !== null),
  );
  // A serving node was not chosen because it failed recently, or because its GPU was needed.
  const serving = having.find((node) => isServing(node.state));
  if (serving) {
    return new PilotlightError('SERVER_BUSY', {
      message: fact('NODE_UNAVAILABLE', { node: serving.name }),
      details: { nodeId: serving.id },
    });
  }
  const [asleep] = having;
  if (asleep) {
    return new PilotlightError('NODE_ASLEEP', {
      message: fact('NODE_NOT_SERVING', { node: asleep.name }),
      details: { nodeId: asleep.id },
    });
  }
  if (model === null) return new PilotlightError('NO_SERVER');
  return new PilotlightError('MODEL_NOT_FOUND', {
    message: fact('NO_NODE_HAS_MODEL', { model: model.name }),
  });
}

/** The error if no node is suitable. Pure. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
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
      message: `${serving.name} cannot be used right now.`,
      details: { nodeId: serving.id },
    });
  }
  const [asleep] = having;
  if (asleep) {
    return new PilotlightError('NODE_ASLEEP', {
      message: `${asleep.name} is not serving now.`,
      details: { nodeId: asleep.id },
    });
  }
  if (model === null) return new PilotlightError('NO_SERVER');
  return new PilotlightError('MODEL_NOT_FOUND', { message: `No machine that was seen has ${model.name}.` });
}

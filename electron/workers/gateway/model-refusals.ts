/** Why a model cannot be used, in the texts of a real server where programs look for them. Pure. */
import { fact } from '../../../shared/models/message.ts';
import { printable } from '../../../shared/printable.ts';
import type { NoRoute } from '../../core/acquire/route-request.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { Endpoint } from './endpoints.ts';
import { badRequest, Refusal } from './refusal.ts';

/** Every valid name consists of these. */
const VALID_NAME = /^[\w.:/@-]+$/;

/** The request names no model. */
export function missingModel(endpoint: Endpoint): Refusal {
  return endpoint.takesName ? badRequest('model is required') : badRequest("model '' not found", 404);
}

export function noRoute(code: NoRoute, nodes: readonly string[], model: string, endpoint: Endpoint): Refusal {
  const shown = printable(model);
  switch (code) {
    case 'MODEL_NOT_FOUND':
      return notFound(model, endpoint);
    case 'NODE_ASLEEP':
      return new Refusal(code, { message: fact('GATEWAY_NODES_ASLEEP', { model: shown, nodes }) });
    case 'NODE_FAILING':
      return new Refusal(code, { message: fact('GATEWAY_NODES_FAILING', { model: shown, nodes }) });
    case 'MODEL_IS_MOVING':
      return new Refusal(code, { message: fact('GATEWAY_MODEL_MOVING', { model: shown, nodes }) });
    case 'MODEL_SPEAKS_OTHER_DIALECT':
      return new Refusal(code, { message: fact('GATEWAY_OTHER_DIALECT', { model: shown, nodes }) });
  }
}

function notFound(model: string, { capability, takesName, dialect }: Endpoint): Refusal {
  if (dialect === 'ollama' && capability !== 'embed' && !VALID_NAME.test(model))
    return badRequest('invalid model name');
  const message =
    capability === 'embed'
      ? fact('GATEWAY_MODEL_NOT_PULLED', { model: printable(model) })
      : fact('GATEWAY_MODEL_NOT_FOUND', { model: printable(takesName ? canonicalName(model) : model) });
  return new Refusal('MODEL_NOT_FOUND', { message, verbatim: true });
}

/** A model of Ollama's cloud says so in its tag. */
export function isCloudName(model: string): boolean {
  return /[:-]cloud$/.test(canonicalName(model));
}

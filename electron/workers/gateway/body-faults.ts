/** What Ollama answers to a body that it cannot read. Pure. */
import type { BodyFault } from './body-fields.ts';
import { badRequest, type Refusal } from './refusal.ts';

/** @param goType the type that Go's decoder names */
export function bodyRefusal(fault: BodyFault, goType: string): Refusal {
  switch (fault.kind) {
    case 'empty':
      return badRequest('missing request body');
    case 'incomplete':
      return badRequest('unexpected EOF');
    case 'no-value':
      return badRequest(`invalid character ${quoted(fault.character)} looking for beginning of value`);
    case 'not-an-object':
      return badRequest(`json: cannot unmarshal ${fault.type} into Go value of type api.${goType}`);
    case 'model-type':
      return badRequest(
        `json: cannot unmarshal ${fault.type} into Go struct field ${goType}.${fault.key} of type string`,
      );
  }
}

const quoted = (character: string): string =>
  character === "'"
    ? String.raw`'\''`
    : `'${character < ' ' ? JSON.stringify(character).slice(1, -1) : character}'`;

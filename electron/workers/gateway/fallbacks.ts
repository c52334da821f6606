/** Which other models may be used instead of one that has no node. Pure. */
import { heldModel } from '../../core/acquire/held-model.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { GatewayTable } from '../../core/gateway/model.ts';
import type { Endpoint } from './endpoints.ts';

/** What a request asks of a model, in the words of a server. */
const needed = { chat: 'completion', generate: 'completion', embed: 'embedding' } as const;

/**
 * Those that a person listed for it, in order, without any that lacks a capability of the model, or one of the request
 * if those of the model are not known. What is not known of a fallback is not assumed.
 */
export function fallbacksOf(
  { nodes, settings }: GatewayTable,
  model: string,
  { capability }: Endpoint,
): readonly string[] {
  const listed = settings.fallbacks[canonicalName(model)];
  if (listed === undefined) return [];
  const capabilities = (name: string): readonly string[] | null => {
    for (const node of nodes) {
      const held = heldModel(node, { model: name, digest: null });
      const known = node.installed.find((one) => one.name === held?.name)?.capabilities;
      if (known) return known;
    }
    return null;
  };
  const wanted = capabilities(model) ?? (capability === null ? null : [needed[capability]]);
  if (wanted === null) return [];
  return listed.filter((name) => {
    const has = capabilities(name);
    return has !== null && wanted.every((one) => has.includes(one));
  });
}

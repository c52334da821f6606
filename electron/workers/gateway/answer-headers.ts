/** What an answer says about the way that its request took. Pure. */
import type { RankedChoice } from '../../core/acquire/route-request.ts';
import type { TableNode } from '../../core/gateway/model.ts';
import type { Exchange } from './exchange.ts';
import { headerText } from './headers.ts';

/** Names and values in turn. */
export function answerHeaders(
  { fallback, holdHeaders, contextLength }: Pick<Exchange, 'fallback' | 'holdHeaders' | 'contextLength'>,
  choice: RankedChoice,
  node: TableNode | undefined,
): string[] {
  const headers = [
    'X-Pilotlight-Node',
    headerText(choice.node),
    'X-Pilotlight-Route',
    headerText(choice.reason.code),
    ...holdHeaders,
  ];
  if (fallback !== null) headers.push('X-Pilotlight-Fallback', headerText(fallback));
  if (node !== undefined && (node.hasGpu === false || node.gpuLost === true)) {
    headers.push('X-Pilotlight-Placement', 'cpu');
  }
  if (contextLength !== null) headers.push('X-Pilotlight-Context', String(contextLength));
  return headers;
}

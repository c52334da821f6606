/** A batch of texts that several nodes embed side by side: decides, sends the parts, and joins the answers in order. */
import { fact } from '../../../shared/models/message.ts';
import type { RankedChoice } from '../../core/acquire/route-request.ts';
import type { Collected, Collecting } from './collect.ts';
import { evenSizes, findBatch, mergeEmbed, mergeOpenAiEmbeddings, splitBatch } from './embed-batch.ts';
import { type SplitOptions, sendPart } from './embed-part.ts';
import type { Exchange } from './exchange.ts';
import { headersToClient, headerText } from './headers.ts';
import { cutOff } from './node-refusals.ts';
import { endOf, readTokens } from './tokens.ts';

/** Fewer texts than this are not worth a second node. */
const LEAST_IN_PART = 16;
/** Nodes whose share on the GPU differs by less finish at about the same time. */
const SAME_PERCENT = 10;

/** Nodes that would finish an equal part at about the same time as the best one, that one first. */
export function equalNodes(choices: readonly RankedChoice[], inputs: number): RankedChoice[] {
  const [best] = choices;
  if (best === undefined || best.digest === '') return [];
  const most = Math.floor(inputs / LEAST_IN_PART);
  return choices
    .filter(
      ({ digest, standing }) =>
        digest === best.digest &&
        standing.loaded === best.standing.loaded &&
        standing.free === best.standing.free &&
        Math.abs(standing.gpuPercent - best.standing.gpuPercent) <= SAME_PERCENT,
    )
    .slice(0, Math.max(1, most));
}

/** Whether it was taken over. Otherwise it is sent to one node like any other request. */
export function splitEmbed(options: SplitOptions): boolean {
  const { exchange, body, state } = options;
  const isSplit = exchange.target.path === '/api/embed' || exchange.target.path === '/v1/embeddings';
  const inputs = body.fields.inputs ?? 0;
  if (!isSplit || inputs < 2 * LEAST_IN_PART || body.encoding !== null || body.fields.modelSpans.length > 1)
    return false;
  // Those that wait for a turn come first.
  if (state.desk.total > 0) return false;
  const choices = options.choices.filter(({ nodeId }) => state.health.breaker(nodeId) === 'closed');
  const free = choices.filter(({ standing }) => standing.free === 1);
  const nodes = equalNodes(free, inputs);
  if (nodes.length < 2) return false;
  const whole = Buffer.concat(body.chunks);
  const batch = findBatch(whole);
  if (batch === null) return false;
  const sizes = evenSizes(batch.elements.length, nodes.length);
  run({ ...options, choices }, nodes, splitBatch(whole, batch, sizes), sizes).catch((error: unknown) =>
    exchange.refuse(error),
  );
  return true;
}

async function run(
  options: SplitOptions,
  nodes: readonly RankedChoice[],
  bodies: readonly Buffer[],
  sizes: readonly number[],
): Promise<void> {
  const { exchange, body } = options;
  const running = new Set<Collecting>();
  const stop = () => {
    for (const one of running) one.abort();
  };
  exchange.onGone = stop;
  exchange.nodeId = nodes[0]?.nodeId ?? null;
  exchange.why = fact('ROUTE_SPLIT');
  const failed = new Set<string>();
  const parts = nodes.map((node, index) =>
    sendPart(options, node, bodies[index] as Buffer, running, failed).catch((error: unknown) => {
      // One part without an answer fails the whole: the others need not go on.
      stop();
      throw error;
    }),
  );
  const settled = await Promise.allSettled(parts);
  body.drop();
  try {
    answer(exchange, nodes, settled, sizes);
  } finally {
    for (const one of settled) if (one.status === 'fulfilled') one.value.drop();
  }
}

function answer(
  exchange: Exchange,
  nodes: readonly RankedChoice[],
  settled: readonly PromiseSettledResult<Collected>[],
  sizes: readonly number[],
): void {
  if (exchange.isGone) {
    exchange.finish('cancelled');
    return;
  }
  const rejected = settled.find((one) => one.status === 'rejected');
  if (rejected !== undefined) {
    exchange.refuse(rejected.reason, 'failed');
    return;
  }
  const parts = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  // What a server says about one part, such as a text that is too long, is said about the whole.
  const refused = parts.find(({ status }) => status >= 400);
  if (refused !== undefined) {
    write(exchange, nodes, refused, refused.body);
    exchange.finish('rejected');
    return;
  }
  const merge = exchange.endpoint.dialect === 'openai' ? mergeOpenAiEmbeddings : mergeEmbed;
  const merged = merge(parts.map(({ body }, index) => ({ body, count: sizes[index] ?? 0 })));
  if (merged.kind === 'unusable') {
    exchange.refuse(cutOff(nodes[merged.part]?.node ?? ''), 'failed');
    return;
  }
  write(exchange, nodes, parts[0] as Collected, merged.body);
  exchange.tokens = readTokens(endOf(merged.body));
  exchange.finish('completed');
}

function write(
  exchange: Exchange,
  nodes: readonly RankedChoice[],
  { status, headers }: Collected,
  body: Buffer,
): void {
  const { 'content-length': _, ...rest } = headers;
  const names = nodes.map(({ node }) => headerText(node)).join(', ');
  const head = [...exchange.cors, 'X-Pilotlight-Node', names, 'X-Pilotlight-Route', 'ROUTE_SPLIT'];
  headersToClient(rest, head);
  head.push('Content-Length', String(body.length));
  exchange.firstByteMs = exchange.elapsed();
  exchange.bytesOut = body.length;
  exchange.response.writeHead(status, head);
  exchange.response.end(body);
}

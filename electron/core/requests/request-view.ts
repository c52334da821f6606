/** Requests as a person sees them. Pure. */
import { type ErrorCode, errorCatalogue } from '../../../shared/contract/errors.ts';
import { plainText } from '../../../shared/models/message.ts';
import type { RequestStep, RequestView } from '../../../shared/models/requests.ts';
import type { FinishedRequest, LiveRequest, RequestFacts } from '../gateway/model.ts';

export interface ViewNames {
  /** Of the gateway's process: numbers of requests are unique only within it. */
  instance: string;
  /** The name of a key; null if there is none with this id. */
  credential(id: string): string | null;
}

/** A shorter time is no load: the server found the model loaded. Milliseconds. */
const LEAST_LOAD_MS = 100;

export const requestIdOf = (instance: string, id: number): string => `${instance}-${id}`;

/** The number of a request in this process; null for one of another process. */
export function numberIn(instance: string, requestId: string): number | null {
  const match = /^(.+)-(\d{1,15})$/.exec(requestId);
  return match?.[1] === instance ? Number(match[2]) : null;
}

export function liveView(request: LiveRequest, names: ViewNames): RequestView {
  return {
    ...viewOf(request, names),
    state: request.state,
    position: request.position,
    expectedMs: rounded(request.expectedMs),
    steps: stepsOf(request, { loadMs: null, durationMs: null }),
  };
}

export function endedView(request: FinishedRequest, names: ViewNames): RequestView {
  const { durationMs, loadMs, code, outputTokens } = request;
  const outputMs = outputMsOf(request);
  return {
    ...viewOf(request, names),
    state: request.outcome,
    loadMs: rounded(loadMs),
    durationMs: rounded(durationMs),
    inputTokens: request.inputTokens,
    outputTokens,
    tokensPerSecond: outputMs === null ? null : round(((outputTokens ?? 0) / outputMs) * 1000),
    status: request.status,
    problem: code === null ? null : { code, message: request.message ?? textOf(code) },
    steps: stepsOf(request, request),
  };
}

/** The process that had it ended with it. @param now milliseconds since the epoch */
export function lostView(view: RequestView, now: number): RequestView {
  const durationMs = Math.max(0, now - view.at);
  const ended = { afterMs: durationMs, kind: 'ended' as const, nodeId: null, code: 'GATEWAY_ENDED' };
  return {
    ...view,
    state: 'failed',
    position: null,
    expectedMs: null,
    durationMs,
    problem: { code: 'GATEWAY_ENDED', message: textOf('GATEWAY_ENDED') },
    hasPrompt: false,
    steps: [...view.steps, ended],
  };
}

/**
 * How long its output took, milliseconds: as the server says, else from the first byte on. null if that is unknown, as for
 * an answer that came all at once.
 */
export function outputMsOf(
  request: Pick<FinishedRequest, 'outputTokens' | 'outputMs' | 'firstByteMs' | 'durationMs'>,
): number | null {
  const { outputTokens, outputMs, firstByteMs, durationMs } = request;
  if (outputTokens === null || outputTokens <= 0) return null;
  if (outputMs !== null && outputMs > 0) return outputMs;
  const streamedMs = firstByteMs === null ? 0 : durationMs - firstByteMs;
  return streamedMs > 1 && outputTokens > 1 ? streamedMs : null;
}

function viewOf(request: RequestFacts, { instance, credential }: ViewNames): RequestView {
  const { credentialId } = request;
  return {
    id: requestIdOf(instance, request.id),
    at: request.at,
    state: 'arriving',
    dialect: request.dialect,
    path: request.path,
    model: request.model,
    fallback: request.fallback,
    nodeId: request.nodeId,
    why: request.why,
    program: request.program,
    credentialId,
    credential: credentialId === null ? null : credential(credentialId),
    priority: request.priority,
    position: null,
    expectedMs: null,
    heldMs: round(request.heldMs),
    loadMs: null,
    firstByteMs: rounded(request.firstByteMs),
    durationMs: null,
    inputTokens: null,
    outputTokens: null,
    tokensPerSecond: null,
    retries: request.retries,
    status: null,
    problem: null,
    contextLength: request.contextLength,
    steps: [],
    hasPrompt: request.hasPrompt,
  };
}

function stepsOf(
  request: RequestFacts & { code?: string | null },
  { loadMs, durationMs }: { loadMs: number | null; durationMs: number | null },
): RequestStep[] {
  const { steps, firstByteMs, nodeId, code = null } = request;
  const arrived: RequestStep = { afterMs: 0, kind: 'arrived', nodeId: null, code: null };
  const taken: RequestStep[] = [arrived, ...steps];
  const sent = steps.findLast(({ kind }) => kind === 'sent');
  if (sent !== undefined && loadMs !== null && loadMs >= LEAST_LOAD_MS) {
    const loadedMs = Math.min(sent.afterMs + loadMs, firstByteMs ?? durationMs ?? Number.POSITIVE_INFINITY);
    taken.push({ afterMs: round(loadedMs), kind: 'loaded', nodeId, code: null });
  }
  if (firstByteMs !== null)
    taken.push({ afterMs: round(firstByteMs), kind: 'first-byte', nodeId, code: null });
  if (durationMs !== null) taken.push({ afterMs: round(durationMs), kind: 'ended', nodeId: null, code });
  return taken;
}

const textOf = (code: string) =>
  plainText(code in errorCatalogue ? errorCatalogue[code as ErrorCode].message : code);

const round = (ms: number): number => Math.round(ms * 10) / 10;
const rounded = (ms: number | null): number | null => (ms === null ? null : round(ms));

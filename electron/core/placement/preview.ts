/** What a move would do, for a person who decides. Pure, by the same decision as the move itself. */
import { fact, type Message } from '../../../shared/models/message.ts';
import type { MovePreview, WaitingUse } from '../../../shared/models/move-preview.ts';
import type { DescribedModel } from '../../../shared/models/placement.ts';
import { type RequestView, requestIsOver } from '../../../shared/models/requests.ts';
import { sameModelName } from '../fleet/model-placement.ts';
import { type MoveDecision, usesOf, withTags } from './decide-move.ts';
import type { LoadTime } from './load-times.ts';
import { type MoveRequest, type OtherUse, placementOrNull, type Snapshot } from './move.ts';
import type { Room } from './room.ts';

export interface PreviewInput {
  now: number;
  request: Omit<MoveRequest, 'server'>;
  before: Snapshot;
  decision: MoveDecision;
  /** null if it was not asked for, or the server says nothing. */
  described: DescribedModel | null;
  /** Of this model here; null if it was never loaded. */
  time: LoadTime | null;
  /** The size of the model was measured with it loaded here, instead of computed. */
  isMeasured: boolean;
  /** In flight on this node, from all that is known. */
  inFlight: (model: string) => number;
  /** Requests through the gateway, in progress and lately ended; null if nothing counts them. */
  requests: readonly RequestView[] | null;
  /** null if it is not known. */
  usedByOthers: readonly OtherUse[] | null;
}

/** Read from a disk at this speed, if the model was never loaded here. Bytes a second. */
const ASSUMED_BYTES_PER_SECOND = 1e9;
/** Requests of this time count as lately. */
const LATELY_MS = 10 * 60_000;
const MINUTE_MS = 60_000;

export function previewMove(input: PreviewInput): MovePreview {
  const { request, before, decision } = input;
  const { node, model, target } = request;
  const isMove = decision.kind === 'go';
  const room = (isMove ? decision.plan.room : decision.room) ?? null;
  const evicts = isMove ? decision.victims : [];
  const result = isMove ? null : decision.result;
  const concerned = isMove ? decision.concerned : withTags(node.installed, [model]);
  const outcome = result === null || result.outcome === 'moved' ? 'move' : result.outcome;
  return {
    nodeId: node.id,
    nodeName: node.name,
    model,
    target,
    from: placementOrNull(before.current),
    outcome,
    code: result?.code ?? null,
    reason: result?.reason ?? null,
    evicts: evicts.map((name) => ({
      model: name,
      vramBytes: before.loaded.find((one) => sameModelName(one.name, name))?.vramBytes ?? 0,
    })),
    room: target === 'gpu' ? roomView(room, before, input.isMeasured) : null,
    duration: isMove ? durationOf(input, room) : null,
    waits: isMove ? [model, ...evicts].map((name) => waitingFor(input, name)) : [],
    otherPanels:
      input.usedByOthers &&
      usesOf(input.usedByOthers, concerned).map((use) => ({ ...use, models: [...use.models] })),
    warnings: isMove ? warningsOf(input) : [],
  };
}

function roomView(room: Room | null, { loaded }: Snapshot, measured: boolean): MovePreview['room'] {
  if (room === null || room.kind === 'unknown') return null;
  if (room.kind !== 'fits') {
    const { neededBytes, availableBytes } = room.shortage;
    return { neededBytes, measured, spareBytes: availableBytes - neededBytes };
  }
  const { neededBytes, freeBytes, victims } = room;
  const freed = loaded
    .filter(({ name }) => victims.some((victim) => sameModelName(victim, name)))
    .reduce((sum, { vramBytes }) => sum + vramBytes, 0);
  return { neededBytes, measured, spareBytes: freeBytes + freed - neededBytes };
}

function durationOf({ request, time, before }: PreviewInput, room: Room | null): MovePreview['duration'] {
  if (time !== null) return { by: 'loads', ms: time.usualMs, loads: time.loads };
  const { node, model } = request;
  const onDisk = node.installed.find(({ name }) => sameModelName(name, model))?.sizeBytes ?? 0;
  const needed = room?.kind === 'fits' ? room.neededBytes : 0;
  const bytes = before.current?.sizeBytes ?? Math.max(onDisk, needed);
  if (bytes <= 0) return null;
  const ms = Math.ceil((bytes / ASSUMED_BYTES_PER_SECOND) * 1000);
  return { by: 'size', ms, bytesPerSecond: ASSUMED_BYTES_PER_SECOND };
}

/** Requests for other tags of the same weights wait with it. */
function waitingFor({ request, inFlight, requests, now }: PreviewInput, model: string): WaitingUse {
  const { node } = request;
  const tags = withTags(node.installed, [model]);
  const isOf = (one: RequestView) => {
    const name = one.fallback ?? one.model;
    return name !== null && tags.some((tag) => sameModelName(tag, name));
  };
  const all = (requests ?? []).filter(isOf);
  const here = all.filter(({ nodeId }) => nodeId === node.id);
  const queued = all.filter(({ state }) => state === 'queued' || state === 'waking');
  const lately = here.filter((one) => requestIsOver(one) && now - one.at < LATELY_MS);
  const running = here.filter((one) => !requestIsOver(one));
  // The list keeps so many: if the oldest is newer, the time is shorter.
  const oldest = Math.min(now - MINUTE_MS, ...(requests ?? []).map(({ at }) => at));
  const minutes = Math.min(LATELY_MS, now - oldest) / MINUTE_MS;
  const programs = [...running, ...queued, ...lately].flatMap(
    ({ program, credential }) => program ?? credential ?? [],
  );
  return {
    model,
    inFlight: tags.reduce((sum, tag) => sum + inFlight(tag), 0),
    queued: queued.length,
    perMinute: requests === null ? null : Math.round((lately.length / minutes) * 10) / 10,
    programs: [...new Set(programs)].sort(),
  };
}

function warningsOf({ described, request, usedByOthers }: PreviewInput): Message[] {
  const { target } = request;
  const layers = described?.gpuLayers ?? null;
  const whole = described?.blockCount == null ? null : described.blockCount + 1;
  const warnings: Message[] = [];
  if (layers === 0 && target === 'gpu') warnings.push(fact('LOST_BY_MODELFILE_CPU'));
  else if (layers !== null && layers > 0 && target === 'cpu') {
    warnings.push(fact('LOST_BY_MODELFILE_GPU', { layers }));
  } else if (layers !== null && target === 'gpu' && whole !== null && layers < whole) {
    warnings.push(fact('LOST_BY_MODELFILE_PARTIAL', { layers, whole }));
  }
  if (usedByOthers === null) warnings.push(fact('OTHER_PANELS_UNKNOWN'));
  return warnings;
}

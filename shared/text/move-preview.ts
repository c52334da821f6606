/** What a move would do, as sentences: the same in the panel and on the command line. */
import type { MovePreview } from '../models/move-preview.ts';
import { formatDuration, formatMemory, plural } from '../units.ts';
import { list } from './grammar.ts';
import { textOf, textOrEmpty } from './index.ts';

/** In the order in which a person needs them; never empty. */
export function previewSentences(preview: MovePreview): string[] {
  const { outcome, reason, evicts, room, duration, waits, otherPanels, warnings } = preview;
  if (outcome !== 'move') return [textOrEmpty(reason)];
  return [
    evicts.length === 0
      ? 'Unloads no other model.'
      : `${room?.measured === true ? 'Unloads' : 'Unloads, at most,'} ${list(evicts.map(({ model, vramBytes }) => `${model} (${formatMemory(vramBytes)} of VRAM)`))}.`,
    ...(room === null ? [] : [roomText(room)]),
    durationText(duration),
    ...waitTexts(waits),
    ...(otherPanels ?? []).map(({ holder, models }) => `${holder} is using ${list(models)} there.`),
    ...warnings.map(textOf),
  ];
}

function roomText({ neededBytes, measured, spareBytes }: NonNullable<MovePreview['room']>): string {
  const needs = `Needs ${measured ? '' : 'about '}${formatMemory(neededBytes)} of VRAM`;
  return spareBytes >= 0
    ? `${needs}, and leaves ${formatMemory(spareBytes)} free.`
    : `${needs}, which is ${formatMemory(-spareBytes)} too much: part of it runs on the CPU.`;
}

function durationText(duration: MovePreview['duration']): string {
  if (duration === null) return 'How long it takes is unknown.';
  const ms = formatDuration(duration.ms);
  return duration.by === 'loads'
    ? `Takes about ${ms}, as ${duration.loads === 1 ? 'its last load' : `its last ${duration.loads} loads`} here.`
    : `Takes about ${ms} at ${formatMemory(duration.bytesPerSecond)} a second; it was never loaded here.`;
}

function waitTexts(waits: MovePreview['waits']): string[] {
  const used = waits.filter(
    ({ inFlight, queued, perMinute }) => inFlight > 0 || queued > 0 || (perMinute ?? 0) > 0,
  );
  if (used.length === 0) {
    const isCounted = waits.every(({ perMinute }) => perMinute !== null);
    return [isCounted ? 'No request waits for it.' : 'No request of Pilotlight waits for it.'];
  }
  return used.map(({ model, inFlight, queued, perMinute, programs }) => {
    const counts = [
      inFlight > 0 ? `${plural(inFlight, 'request')} in progress` : '',
      queued > 0 ? `${queued} waiting` : '',
      perMinute !== null && perMinute > 0 ? `lately ${perMinute} a minute` : '',
    ].filter((part) => part !== '');
    const from = programs.length === 0 ? '' : `, from ${list(programs)}`;
    return `Requests for ${model} wait meanwhile: ${counts.join(', ')}${from}.`;
  });
}

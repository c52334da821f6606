/** The captions of a video, as YouTube writes them. Pure. */
import { parseJson } from '../../../shared/json.ts';
import type { Spoken } from './transcript.ts';

export interface CaptionChoice {
  /** As YouTube calls it, such as `en` or `de-orig`. */
  language: string;
  /** Written by a machine. */
  isAutomatic: boolean;
}

type Listed = Readonly<Record<string, unknown>>;

/** yt-dlp takes it as a pattern, so it has only letters that stand for themselves. */
const LANGUAGE = /^[A-Za-z0-9-]{1,20}$/;

/**
 * Those that a person wrote in the wanted language, in the language that is spoken, or in any; then those that a machine
 * wrote in the language that is spoken. null for none: translations by a machine say less than the sound.
 */
export function chooseCaptions(
  { manual, automatic, spoken }: { manual: Listed; automatic: Listed; spoken: string | null },
  wanted: string | null,
): CaptionChoice | null {
  const written = Object.keys(manual).filter((name) => LANGUAGE.test(name) && name !== 'live_chat');
  const byPerson = [wanted, spoken].flatMap((language) => best(written, language) ?? []).at(0) ?? written[0];
  if (byPerson !== undefined) return { language: byPerson, isAutomatic: false };
  const byMachine = Object.keys(automatic).filter((name) => LANGUAGE.test(name));
  const original = byMachine.find((name) => name.endsWith('-orig')) ?? best(byMachine, spoken);
  return original === undefined ? null : { language: original, isAutomatic: true };
}

function best(names: readonly string[], language: string | null): string | undefined {
  if (language === null) return undefined;
  return names.find((name) => name === language) ?? names.find((name) => name.startsWith(`${language}-`));
}

/** null if it is neither of the two formats. */
export function readCaptions(content: string): Spoken[] | null {
  const text = content.replace(/^\uFEFF/, '');
  return /^WEBVTT/.test(text) ? readVtt(text) : readEvents(parseJson(text));
}

function readEvents(value: unknown): Spoken[] | null {
  const { events } = Object(value) as { events?: unknown };
  if (!Array.isArray(events)) return null;
  return events.flatMap((event) => {
    const { tStartMs: at, dDurationMs: lasts, segs } = Object(event) as Record<string, unknown>;
    if (typeof at !== 'number' || !(at >= 0) || !Array.isArray(segs)) return [];
    const parts = segs.map((seg) => (Object(seg) as { utf8?: unknown }).utf8);
    const said = parts.filter((part) => typeof part === 'string').join('');
    const words = said.replace(/\s+/g, ' ').trim();
    if (words === '') return [];
    const seconds = typeof lasts === 'number' && lasts > 0 ? lasts / 1000 : 0;
    return { start: at / 1000, end: at / 1000 + seconds, text: words };
  });
}

const CUE = /^(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})\s+-->\s+(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})/;

/** Those that a machine wrote roll: a line is repeated in the next cues, and counts once. */
function readVtt(text: string): Spoken[] {
  const spoken: Spoken[] = [];
  let before = new Set<string>();
  for (const block of text.split(/\r?\n\r?\n+/)) {
    const lines = block.split(/\r?\n/);
    const at = lines.findIndex((line) => CUE.test(line));
    const time = CUE.exec(lines[at] ?? '');
    if (time === null) continue;
    const shown = lines
      .slice(at + 1)
      .map(plainCue)
      .filter((line) => line !== '');
    const fresh = shown.filter((line) => !before.has(line));
    before = new Set(shown);
    if (fresh.length === 0) continue;
    const [start, end] = [secondsOf(time.slice(1, 5)), secondsOf(time.slice(5, 9))];
    spoken.push({ start, end: Math.max(start, end), text: fresh.join(' ') });
  }
  return spoken;
}

function secondsOf([hours, minutes, seconds, milliseconds]: readonly (string | undefined)[]): number {
  return Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(milliseconds) / 1000;
}

const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&nbsp;': ' ',
  '&lrm;': '',
  '&rlm;': '',
};

const plainCue = (line: string): string =>
  line
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:amp|lt|gt|nbsp|lrm|rlm);/g, (entity) => entities[entity] ?? '')
    .replace(/\s+/g, ' ')
    .trim();

/** The tokens of a window as parts with times, and where the next window begins. Pure. */
import { SECONDS_A_STEP, type SpeechTokens } from './tokens.ts';

export interface SpokenPart {
  /** Seconds from the window's beginning. */
  start: number;
  end: number;
  /** Text only. */
  tokens: number[];
}

export interface WindowParts {
  parts: SpokenPart[];
  /** Seconds from the window's beginning to the next window's. */
  next: number;
}

/**
 * A part that the window's end may have cut off is left to the next window.
 * @param seconds of the recording that lie in the window
 */
export function partsOf(
  said: readonly number[],
  seconds: number,
  { firstTime, end }: Pick<SpeechTokens, 'firstTime' | 'end'>,
): WindowParts {
  const isTime = (token: number | undefined) => token !== undefined && token >= firstTime;
  const timeOf = (token: number) => (token - firstTime) * SECONDS_A_STEP;
  const part = (slice: readonly number[], start: number, until: number): SpokenPart => ({
    start,
    end: Math.max(start, until),
    tokens: slice.filter((token) => token < end),
  });

  const cuts: number[] = [];
  for (let index = 1; index < said.length; index += 1)
    if (isTime(said[index]) && isTime(said[index - 1])) cuts.push(index);
  const endsWithOneTime = isTime(said.at(-1)) && !isTime(said.at(-2)) && said.length > 1;
  if (cuts.length === 0) {
    const times = said.filter(isTime);
    const [first] = times;
    const last = times.at(-1);
    const start = isTime(said[0]) && first !== undefined ? timeOf(first) : 0;
    const until = last !== undefined && last !== firstTime && times.length > 1 ? timeOf(last) : seconds;
    return { parts: [part(said, start, until)].filter(hasText), next: seconds };
  }
  if (endsWithOneTime) cuts.push(said.length);
  const parts: SpokenPart[] = [];
  let from = 0;
  for (const cut of cuts) {
    const slice = said.slice(from, cut);
    const [first] = slice;
    const last = slice.at(-1);
    if (first !== undefined && last !== undefined) parts.push(part(slice, timeOf(first), timeOf(last)));
    from = cut;
  }
  const reached = timeOf(said[from - 1] ?? firstTime);
  // Nothing was said after the last part; and a window that would begin where this one did never ends.
  const next = endsWithOneTime || reached <= 0 ? seconds : Math.min(seconds, reached);
  return { parts: parts.filter(hasText), next };
}

const hasText = ({ tokens }: SpokenPart) => tokens.length > 0;

/**
 * Where commands write. Colours and live lines appear only on a real terminal. Styled text carries marks, of which only
 * the terminal makes colours: what came from a file or another machine is shown, and steers nothing.
 */
import { randomBytes } from 'node:crypto';
import { printable } from '../../shared/printable.ts';

export interface Terminal {
  /** One line of the answer. A line break in it is shown as an escape; JSON keeps its value. */
  line(text?: string): void;
  /** One line for people, on standard error. */
  note(text: string): void;
  /** A line that the next one replaces and any other output clears. Does nothing outside a terminal. */
  live(text: string): void;
  /** Lines that the next ones replace. Does nothing outside a terminal. */
  screen(lines: readonly string[]): void;
  readonly isTerminal: boolean;
  readonly width: number;
  /** Lines that fit on it. */
  readonly height: number;
  readonly style: Style;
}

export interface Style {
  flame(text: string): string;
  ember(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  quiet(text: string): string;
  strong(text: string): string;
}

const plain: Style = {
  flame: (text) => text,
  ember: (text) => text,
  good: (text) => text,
  bad: (text) => text,
  quiet: (text) => text,
  strong: (text) => text,
};

/** Noncharacters around a number that no text from outside can know. */
const MARK = randomBytes(6).toString('hex');
const mark = (code: string) => `\ufdd0${MARK}${code}\ufdd1`;
const MARKS = new RegExp(`\ufdd0${MARK}([0-9;]*)\ufdd1`, 'g');
const SPLIT = new RegExp(`(\ufdd0${MARK}[0-9;]*\ufdd1)`);

function paint(code: string): (text: string) => string {
  return (text) => `${mark(code)}${text}${mark('0')}`;
}

/** Text and marks in turn, the text printable. */
function partsOf(text: string): { text: string; isMark: boolean }[] {
  return text.split(SPLIT).map((part, index) => {
    const isMark = index % 2 === 1;
    return { text: isMark ? part : printable(part), isMark };
  });
}

/** As the terminal gets it: marks become colours, and anything else that would steer it an escape. */
function shown(text: string): string {
  return partsOf(text)
    .map((part) => (part.isMark ? part.text.replace(MARKS, '\u001b[$1m') : part.text))
    .join('');
}

const coloured: Style = {
  flame: paint('38;5;214'),
  ember: paint('38;5;173'),
  good: paint('32'),
  bad: paint('31'),
  quiet: paint('2'),
  strong: paint('1'),
};

export interface OutputStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

export function createTerminal(options: {
  out: OutputStream;
  err: OutputStream;
  env: Readonly<Record<string, string | undefined>>;
}): Terminal {
  const { out, err, env } = options;
  const isTerminal = out.isTTY === true && env.TERM !== 'dumb';
  // https://no-color.org: any value but the empty one.
  const style = isTerminal && !env.NO_COLOR ? coloured : plain;
  let liveShown = false;
  /** Lines that the next screen replaces. */
  let screenLines = 0;

  function clear(): void {
    screenLines = 0;
    if (!liveShown) return;
    out.write('\r\u001b[K');
    liveShown = false;
  }

  return {
    isTerminal,
    style,
    get width() {
      return out.columns ?? 100;
    },
    get height() {
      return out.rows ?? 24;
    },
    line(text = '') {
      clear();
      out.write(`${shown(text)}\n`);
    },
    note(text) {
      clear();
      err.write(`${shown(text)}\n`);
    },
    live(text) {
      if (!isTerminal) return;
      out.write(`\r\u001b[K${shown(cutTo(text, (out.columns ?? 100) - 1))}`);
      liveShown = true;
    },
    screen(lines) {
      if (!isTerminal) return;
      const width = (out.columns ?? 100) - 1;
      const up = screenLines === 0 ? '' : `\u001b[${screenLines}A`;
      clear();
      // Each line is cleared behind its text, so that nothing flickers.
      const text = lines.map((line) => `${shown(cutTo(line, width))}\u001b[K\n`).join('');
      out.write(`${up}\r${text}\u001b[J`);
      screenLines = lines.length;
    },
  };
}

/** The number of characters that it takes on the terminal. */
export function visibleLength(text: string): number {
  return partsOf(text).reduce((sum, part) => sum + (part.isMark ? 0 : [...part.text].length), 0);
}

/** Cuts a text to a width and keeps its colours whole. */
export function cutTo(text: string, width: number): string {
  if (visibleLength(text) <= width) return text;
  let taken = 0;
  let result = '';
  for (const part of partsOf(text)) {
    if (part.isMark) {
      result += part.text;
      continue;
    }
    const kept = [...part.text].slice(0, Math.max(0, width - 1 - taken));
    result += kept.join('');
    taken += kept.length;
  }
  return `${result}…`;
}

/** Of an error that nothing describes. */
export function stackLines(error: unknown): string[] {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).split('\n');
}

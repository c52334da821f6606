/** Where commands write. Colours and live lines appear only on a real terminal. */

export interface Terminal {
  /** One line of the answer. */
  line(text?: string): void;
  /** One line for people, on standard error. */
  note(text: string): void;
  /** A line that the next one replaces and any other output clears. Does nothing outside a terminal. */
  live(text: string): void;
  readonly isTerminal: boolean;
  readonly width: number;
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

function paint(code: string): (text: string) => string {
  return (text) => `\u001b[${code}m${text}\u001b[0m`;
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

  function clear(): void {
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
    line(text = '') {
      clear();
      out.write(`${text}\n`);
    },
    note(text) {
      clear();
      err.write(`${text}\n`);
    },
    live(text) {
      if (!isTerminal) return;
      out.write(`\r\u001b[K${cutTo(text, (out.columns ?? 100) - 1)}`);
      liveShown = true;
    },
  };
}

const escapeCode = String.fromCharCode(27);
const colourCode = new RegExp(`${escapeCode}\\[[0-9;]*m`, 'g');
const colourSplit = new RegExp(`(${escapeCode}\\[[0-9;]*m)`);

/** The number of visible characters. */
export function visibleLength(text: string): number {
  return [...text.replace(colourCode, '')].length;
}

/** Cuts a text to a width without breaking colour codes. */
export function cutTo(text: string, width: number): string {
  if (visibleLength(text) <= width) return text;
  let shown = 0;
  let result = '';
  for (const part of text.split(colourSplit)) {
    if (part.startsWith(escapeCode)) {
      result += part;
      continue;
    }
    for (const character of part) {
      if (shown >= width - 1) continue;
      result += character;
      shown += 1;
    }
  }
  return `${result}…`;
}

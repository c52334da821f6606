import { describe, expect, it } from 'vitest';
import { parseBytes } from '../../../electron/cli/commands/nodes.ts';
import { bar, highlight, jobLine, placementText, table } from '../../../electron/cli/format.ts';
import { createTerminal, cutTo, type Style, visibleLength } from '../../../electron/cli/terminal.ts';
import { fact } from '../../../shared/models/message.ts';
import { aJob } from '../../fakes/records.ts';
import { UNPRINTABLE } from '../../fakes/unprintable.ts';

function terminal(own: { isTTY?: boolean; env?: Record<string, string> } = {}) {
  let written = '';
  const stream = {
    write: (text: string) => {
      written += text;
    },
    isTTY: own.isTTY ?? false,
    columns: 60,
  };
  return {
    ...createTerminal({ out: stream, err: stream, env: own.env ?? {} }),
    written: () => written,
  };
}

const plain = terminal().style;
const escapeCode = String.fromCharCode(27);
/** What the terminal itself writes: its colours, and how it clears a live line. */
const OWN_CODES = new RegExp(`\\r?${escapeCode}\\[(?:K|1m|0m)`, 'g');

describe('the terminal', () => {
  it('colours only on a terminal, and not with NO_COLOR', () => {
    expect(terminal().style.bad('x')).toBe('x');
    const coloured = terminal({ isTTY: true });
    coloured.line(coloured.style.bad('x'));
    expect(coloured.written()).toBe(`${escapeCode}[31mx${escapeCode}[0m\n`);
    expect(terminal({ isTTY: true, env: { NO_COLOR: '1' } }).style.bad('x')).toBe('x');
    expect(terminal({ isTTY: true, env: { TERM: 'dumb' } }).style.bad('x')).toBe('x');
  });

  it('writes live lines on a terminal alone, and clears them before anything else', () => {
    const off = terminal();
    off.live('moving');
    expect(off.written()).toBe('');
    const on = terminal({ isTTY: true });
    on.live('moving');
    on.line('done');
    expect(on.written().endsWith(`\r${escapeCode}[Kdone\n`)).toBe(true);
  });

  it('replaces a screen by the next one, and leaves it where other lines follow', () => {
    const off = terminal();
    off.screen(['a']);
    expect(off.written()).toBe('');
    const on = terminal({ isTTY: true });
    on.screen(['a', 'b']);
    on.screen(['c']);
    on.line('done');
    on.screen(['d']);
    const up = (lines: number) => `${escapeCode}[${lines}A`;
    const end = `${escapeCode}[J`;
    const line = (text: string) => `${text}${escapeCode}[K\n`;
    expect(on.written()).toBe(
      `\r${line('a')}${line('b')}${end}${up(2)}\r${line('c')}${end}done\n\r${line('d')}${end}`,
    );
    on.screen(['x'.repeat(100)]);
    expect(on.written()).toContain(`${'x'.repeat(58)}…`);
  });

  it('cuts a line to a width and keeps its colours whole', () => {
    const coloured = terminal({ isTTY: true });
    const cut = cutTo(`${coloured.style.bad('abcdef')}ghijkl`, 8);
    expect(visibleLength(cut)).toBe(8);
    coloured.line(cut);
    expect(coloured.written()).toBe(`${escapeCode}[31mabcdef${escapeCode}[0mg…\n`);
    expect(cutTo('short', 8)).toBe('short');
  });
});

describe('what comes from outside', () => {
  it.each(UNPRINTABLE)('never brings %s to the terminal', (_, character) => {
    const name = `a${character}b`;
    const rows = (style: Style) => [...table([[name, style.strong(name)]]), cutTo(name.repeat(40), 30)];
    for (const isTTY of [false, true]) {
      const one = terminal({ isTTY });
      for (const line of rows(one.style)) one.line(line);
      one.note(name);
      one.line(highlight(`x${name}y`, [[0, 2]], one.style));
      one.live(name.repeat(40));
      const own = one.written().replace(OWN_CODES, '');
      expect(own.split('\n')).toHaveLength(5);
      expect(own.replaceAll('\n', '')).not.toContain(character);
    }
  });

  it('cannot forge a colour', () => {
    const one = terminal({ isTTY: true });
    one.line(`a${escapeCode}[31mb\ufdd031\ufdd1c\ufdd0${'0'.repeat(12)}31\ufdd1`);
    expect(one.written()).toBe(`a\\x1b[31mb\\ufdd031\\ufdd1c\\ufdd0${'0'.repeat(12)}31\\ufdd1\n`);
  });

  it('is counted as wide as it is shown', () => {
    expect(visibleLength('two\nlines')).toBe(10);
    expect(
      table([
        ['two\nlines', 'x'],
        ['one', 'y'],
      ])[1],
    ).toBe(`one${' '.repeat(9)}y`);
  });

  it('keeps its value in JSON', () => {
    const one = terminal();
    const value = { path: 'a\u202e\u009b31m\u2028.md' };
    one.line(JSON.stringify(value));
    expect(one.written()).not.toMatch(/[\u0080-\u009f\u2028\u202e]/);
    expect(JSON.parse(one.written())).toEqual(value);
  });
});

describe('texts and numbers', () => {
  it('show a place by its glyph', () => {
    expect(placementText('gpu', 1, plain)).toBe('▲ GPU');
    expect(placementText('partial', 0.42, plain)).toBe('◭ 42% GPU');
    expect(placementText('cpu', 0, plain)).toBe('△ CPU');
  });

  it('fill a bar as far as it is', () => {
    expect(bar(0, 4, plain)).toBe('░░░░');
    expect(bar(0.5, 4, plain)).toBe('██░░');
    expect(bar(0.5625, 4, plain)).toBe('██▎░');
    expect(bar(1, 4, plain)).toBe('████');
    expect(bar(7, 4, plain)).toBe('████');
  });

  it('line up in columns, colours aside', () => {
    const { style } = terminal({ isTTY: true });
    const rows = table(
      [
        [style.bad('a'), '1', 'x'],
        ['long', '22', 'y'],
      ],
      [1],
    );
    expect(rows.map(visibleLength)).toEqual([11, 11]);
    expect(rows[1]).toBe('long  22  y');
  });

  it('describe a running job in one line', () => {
    expect(jobLine(aJob({ etaMs: 65_000 }), plain)).toBe(
      `${bar(0.45, 24, plain)}  18/40 files  12 vec/s  ≈ 65 s left  Embedding on tower (GPU)`,
    );
    expect(jobLine(aJob({ phase: 'waking', detail: fact('WAKING_NODE', { node: 'tower' }) }), plain)).toBe(
      '◌ Waking tower…',
    );
  });

  it('say what limits a job', () => {
    const limitedBy = fact('LIMITED_BY_DISK');
    expect(jobLine(aJob({ limitedBy }), plain)).toMatch(
      /Embedding on tower \(GPU\)\. Limited by the disk .*\.$/,
    );
  });

  it('show no rate before the first vectors arrive', () => {
    const detail = fact('FIRST_BATCH_RUNNING', { nodes: [{ node: 'tower', on: 'gpu' }] });
    const line = jobLine(aJob({ detail, nodes: [] }), plain);
    expect(line).toContain('First batch running');
    expect(line).not.toContain('vec/s');
  });

  it('mark what matched', () => {
    const { style } = terminal({ isTTY: true });
    expect(highlight('a lamp burns', [[2, 6]], style)).toBe(`a ${style.strong('lamp')} burns`);
  });

  it('read a size of memory as it is printed on the box', () => {
    const size = 24 * 2 ** 30;
    expect(['24GB', '24 gb', '24', '24GiB'].map(parseBytes)).toEqual([size, size, size, size]);
    expect(['512MB', '0'].map(parseBytes)).toEqual([512 * 2 ** 20, 0]);
    expect(() => parseBytes('much')).toThrowError(expect.objectContaining({ code: 'BAD_REQUEST' }));
  });
});

import { describe, expect, it } from 'vitest';
import { moveInGrid } from '../../../../renderer/features/models/grid-moves.ts';

/** `.` is a gap. */
const shape = (lines: readonly string[]) => ({
  rows: lines.length,
  columns: lines[0]?.length ?? 0,
  has: ({ row, column }: { row: number; column: number }) => (lines[row]?.[column] ?? '.') !== '.',
});

describe('a key in a grid with gaps', () => {
  const grid = shape(['.bcd', 'ef.h', '...l', 'm..p']);
  const at = (name: string) => {
    const lines = ['.bcd', 'ef.h', '...l', 'm..p'];
    const row = lines.findIndex((line) => line.includes(name));
    return { row, column: lines[row]?.indexOf(name) ?? -1 };
  };
  it.each([
    ['f', 'ArrowRight', 'h'],
    ['h', 'ArrowLeft', 'f'],
    ['e', 'ArrowDown', 'm'],
    ['m', 'ArrowRight', 'p'],
    ['d', 'ArrowDown', 'h'],
    ['p', 'ArrowUp', 'l'],
    ['h', 'Home', 'e'],
    ['e', 'End', 'h'],
  ])('%s %s leads to %s', (from, key, to) => {
    expect(moveInGrid(at(from), { key, isWhole: false }, grid)).toEqual(at(to));
  });

  it('leads to the corners of the whole grid with Control', () => {
    expect(moveInGrid(at('l'), { key: 'Home', isWhole: true }, grid)).toEqual(at('b'));
    expect(moveInGrid(at('b'), { key: 'End', isWhole: true }, grid)).toEqual(at('p'));
  });

  it.each([
    ['p', 'ArrowDown'],
    ['e', 'ArrowLeft'],
    ['e', 'ArrowUp'],
    ['f', 'Enter'],
    ['f', 'constructor'],
  ])('%s %s leads nowhere', (from, key) => {
    expect(moveInGrid(at(from), { key, isWhole: false }, grid)).toBeNull();
  });
});

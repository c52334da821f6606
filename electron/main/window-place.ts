/** Left, top, width, height in pixels that do not depend on the screen's density. */
import { parseJson } from '../../shared/json.ts';

export interface Bounds {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The state of the window that is kept between starts. */
export interface WindowMemory {
  bounds: Bounds | null;
  maximised: boolean;
  /** Whether the notice was shown that closing the window leaves the program in the tray. */
  toldOfTray: boolean;
}

export const smallestWindow = { width: 390, height: 500 };
const usualWindow = { width: 1280, height: 800 };

/** This much of the title bar must be visible, so that the window can be dragged. */
const GRIP = { width: 120, height: 32 };

/** Reads the saved state. Invalid values are ignored. */
export function readMemory(text: string): WindowMemory {
  const value = parse(text);
  const { bounds, maximised, toldOfTray } = value ?? {};
  return {
    bounds: isBounds(bounds)
      ? { x: bounds.x, y: bounds.y, width: bounds.width, height: bounds.height }
      : null,
    maximised: maximised === true,
    toldOfTray: toldOfTray === true,
  };
}

/** Whether the saved text can be read at all. */
export function isMemory(text: string): boolean {
  return parse(text) !== null;
}

/**
 * Where the window opens. A position on a display that is no longer connected is dropped, and the size is limited to
 * the display. Without `x` and `y` the window opens in the middle of the main display.
 * @param workAreas of all displays, the main one first
 */
export function placeWindow(
  saved: Bounds | null,
  workAreas: readonly Bounds[],
): { width: number; height: number; x?: number; y?: number } {
  const home = saved === null ? undefined : workAreas.find((area) => holdsGrip(area, saved));
  const area = home ?? workAreas[0] ?? { x: 0, y: 0, ...usualWindow };
  const wanted = saved ?? usualWindow;
  const width = Math.min(Math.max(wanted.width, smallestWindow.width), area.width);
  const height = Math.min(Math.max(wanted.height, smallestWindow.height), area.height);
  return home === undefined || saved === null ? { width, height } : { width, height, x: saved.x, y: saved.y };
}

function holdsGrip(area: Bounds, window: Bounds): boolean {
  const seen = Math.min(area.x + area.width, window.x + window.width) - Math.max(area.x, window.x);
  return seen >= GRIP.width && window.y >= area.y && window.y + GRIP.height <= area.y + area.height;
}

function isBounds(value: unknown): value is Bounds {
  if (typeof value !== 'object' || value === null) return false;
  const { x, y, width, height } = value as Record<string, unknown>;
  const numbers = [x, y, width, height];
  return (
    numbers.every((number) => Number.isSafeInteger(number) && Math.abs(Number(number)) < 100_000) &&
    Number(width) > 0 &&
    Number(height) > 0
  );
}

function parse(text: string): Record<string, unknown> | null {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
}

/**
 * A model keeps its colour on every page and after a reload. The palette is Okabe and Ito's, which is safe
 * for the colour-blind (jfly.uni-koeln.de/color), without its black.
 */
export const paletteSize = 7;

const storageKey = 'pilotlight.model-colours';

/** The slot that a name would like to have, 0 to 6. */
export function preferredSlot(name: string): number {
  let hash = 2166136261;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 16777619);
  }
  return (hash >>> 0) % paletteSize;
}

/** Gives each name a slot: its own if free, else the least used one from there on. What was given before stays. */
export function assignSlot(given: ReadonlyMap<string, number>, name: string): number {
  const before = given.get(name);
  if (before !== undefined) return before;
  const uses = Array.from({ length: paletteSize }, () => 0);
  for (const slot of given.values()) uses[slot] = (uses[slot] ?? 0) + 1;
  const least = Math.min(...uses);
  let slot = preferredSlot(name);
  while ((uses[slot] ?? 0) > least) slot = (slot + 1) % paletteSize;
  return slot;
}

let slots: Map<string, number> | null = null;

function load(): Map<string, number> {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '[]');
    if (!Array.isArray(saved)) return new Map();
    return new Map(
      saved.filter(
        (pair): pair is [string, number] =>
          Array.isArray(pair) &&
          typeof pair[0] === 'string' &&
          Number.isInteger(pair[1]) &&
          pair[1] < paletteSize,
      ),
    );
  } catch {
    return new Map();
  }
}

/** The CSS colour of a model, for fills. */
export function modelColour(name: string): string {
  slots ??= load();
  let slot = slots.get(name);
  if (slot === undefined) {
    slot = assignSlot(slots, name);
    slots.set(name, slot);
    try {
      localStorage.setItem(storageKey, JSON.stringify([...slots].slice(-200)));
    } catch {
      // Without storage the colours hold until the next reload.
    }
  }
  return `var(--series-${slot})`;
}

/** A node's colour in charts of work, by its place in the fleet. */
export function nodeColour(index: number): string {
  return `var(--series-${nodeSlots[index % nodeSlots.length]})`;
}

/** Neighbours differ as much as the palette allows. */
const nodeSlots = [1, 5, 2, 6, 4, 0, 3];

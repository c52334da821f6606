/**
 * Which texts run together. Time grows with padded tokens, so texts of a batch are of nearly one length, and a batch is
 * limited by its padded tokens. Pure.
 */

export interface Waiting {
  readonly tokens: readonly number[];
  /** Order of arrival. */
  readonly order: number;
}

/** Texts that wait, by length. */
export interface WaitingTexts<Item extends Waiting> {
  add(item: Item): void;
  /**
   * The text that has waited longest, and shorter ones that fit beside it. Empty if none waits.
   * @param budget padded tokens; one text is always taken
   * @param shortest part of the longest text's length that the others have at least, 0 to 1
   */
  take(budget: number, shortest: number): Item[];
  remove(item: Item): void;
  readonly size: number;
}

export function createWaitingTexts<Item extends Waiting>(): WaitingTexts<Item> {
  /** Each in order of arrival; an item that was taken is passed over later. */
  const byLength = new Map<number, Item[]>();
  const waiting = new Set<Item>();

  function takeOf(length: number, most: number, batch: Item[]): void {
    const items = byLength.get(length);
    if (items === undefined) return;
    let used = 0;
    for (const item of items) {
      if (batch.length >= most) break;
      used += 1;
      if (waiting.delete(item)) batch.push(item);
    }
    if (used === items.length) byLength.delete(length);
    else items.splice(0, used);
  }

  return {
    add(item) {
      waiting.add(item);
      const items = byLength.get(item.tokens.length);
      if (items === undefined) byLength.set(item.tokens.length, [item]);
      else items.push(item);
    },
    take(budget, shortest) {
      // A Set keeps the order of arrival.
      const [first] = waiting;
      if (first === undefined) return [];
      waiting.delete(first);
      const batch: Item[] = [first];
      const longest = first.tokens.length;
      const most = Math.max(1, Math.floor(budget / Math.max(1, longest)));
      for (
        let length = longest;
        length >= longest * shortest && length > 0 && batch.length < most;
        length -= 1
      )
        takeOf(length, most, batch);
      return batch;
    },
    remove: (item) => void waiting.delete(item),
    get size() {
      return waiting.size;
    },
  };
}

/** Padded tokens of texts that run together. */
export function paddedTokens(batch: readonly Pick<Waiting, 'tokens'>[]): number {
  return batch.length * Math.max(0, ...batch.map(({ tokens }) => tokens.length));
}

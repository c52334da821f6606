import { describe, expect, it } from 'vitest';
import {
  type ContextUse,
  contextToSend,
  createThrashWatch,
  findThrash,
} from '../../../../electron/core/acquire/context-guard.ts';

describe('the context that is sent', () => {
  const asked = { model: 'm:latest', requested: 3900, loaded: 8192 };

  it('is the request’s own without a rule, and with `pass`', () => {
    expect(contextToSend([], asked)).toBeNull();
    expect(contextToSend([{ model: 'other', rule: 'clamp' }], asked)).toBeNull();
    const rules = [
      { model: 'm', rule: 'pass' },
      { model: 'm', rule: 'clamp' },
    ] as const;
    expect(contextToSend(rules, asked)).toBeNull();
  });

  it('is that of the loaded model with `clamp`, also if the request has none', () => {
    const rules = [{ model: 'm', rule: 'clamp' }] as const;
    expect(contextToSend(rules, asked)).toBe(8192);
    expect(contextToSend(rules, { ...asked, requested: null })).toBe(8192);
    expect(contextToSend(rules, { ...asked, requested: 8192 })).toBeNull();
    expect(contextToSend(rules, { ...asked, loaded: null })).toBeNull();
  });

  it('is always the same with `fixed`', () => {
    const rules = [{ model: '*', rule: 'fixed', contextLength: 4096 }] as const;
    expect(contextToSend(rules, asked)).toBe(4096);
    expect(contextToSend(rules, { ...asked, requested: 4096 })).toBeNull();
  });
});

const use = (contextLength: number | null, who: string, at = 0, loaded = true): ContextUse => ({
  contextLength,
  who,
  at,
  loaded,
});

describe('reload thrash', () => {
  it('is named at the third reload, with the program that most differ from', () => {
    const uses = [use(null, 'chat'), use(null, 'chat'), use(3900, 'index'), use(null, 'chat')];
    expect(findThrash(uses)).toBeNull();
    expect(findThrash([...uses, use(3900, 'index')])).toEqual({
      who: 'index',
      contextLength: 3900,
      otherContextLength: null,
      reloads: 3,
    });
  });

  it('is not seen where the model was found loaded', () => {
    const uses = [1, 2, 3, 4, 5].map((number) => use(number % 2 === 0 ? 4096 : null, 'one', 0, false));
    expect(findThrash(uses)).toBeNull();
  });

  it('is named once an hour for each program, and only from loads that are near to each other', () => {
    const watch = createThrashWatch();
    const named: string[] = [];
    const ask = (contextLength: number | null, who: string, at: number) => {
      const thrash = watch.answered('node', 'm', use(contextLength, who, at));
      if (thrash !== null) named.push(`${thrash.who} ${at}`);
    };
    for (let round = 0; round < 40; round += 1) {
      ask(null, 'chat', round * 120_000);
      ask(null, 'chat', round * 120_000 + 1);
      ask(3900, 'index', round * 120_000 + 2);
    }
    expect(named).toEqual(['index 120002', 'index 3720002']);
    const slow = createThrashWatch();
    for (let round = 0; round < 10; round += 1) {
      const at = round * 700_000;
      expect(slow.answered('node', 'm', use(round % 2, 'one', at))).toBeNull();
    }
  });

  it('is found in the latest uses alone, as if all of them were counted again each time', () => {
    // A fixed sequence of contexts, loads and pauses, some of them long.
    let state = 7;
    const random = (below: number) => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    const watch = createThrashWatch();
    let latest: ContextUse[] = [];
    const namedAt = new Map<string, number>();
    const outcomes = new Set<boolean>();
    for (let at = 0, count = 0; count < 3000; count += 1) {
      at += random(40) === 0 ? 400_000 : 10;
      const one = use(random(20) === 0 ? 3900 : null, `program ${random(3)}`, at, random(3) === 0);
      latest = [...latest.filter((before) => at - before.at < 600_000), one].slice(-200);
      const found = findThrash(latest);
      const isDue = found !== null && at - (namedAt.get(found.who) ?? Number.NEGATIVE_INFINITY) >= 3_600_000;
      if (isDue) namedAt.set(found.who, at);
      outcomes.add(found !== null);
      expect(watch.answered('node', 'm', one)).toEqual(isDue ? found : null);
    }
    expect(namedAt.size).toBeGreaterThan(1);
    expect(outcomes).toEqual(new Set([true, false]));
  });
});

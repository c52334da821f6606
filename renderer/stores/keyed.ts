import { create, type StoreApi, type UseBoundStore } from 'zustand';
import type { Cursor, StreamName, StreamValue } from '../../shared/contract/streams.ts';
import { createEmitter } from '../../shared/emitter.ts';
import type { Client, TypedFrame } from '../client/client.ts';

/** The current entries of one stream. `ready` becomes true with the first snapshot. */
export interface KeyedState<Value> {
  ready: boolean;
  /** Without a prototype: a key may come from the address, and `constructor` is no entry. */
  entries: Readonly<Record<string, Value>>;
  /** Keys in the order in which they first came. */
  keys: readonly string[];
}

export const emptyKeyed: KeyedState<never> = { ready: false, entries: entriesWith({}), keys: [] };

/** A plain object would make `__proto__` its prototype instead of a key. */
function entriesWith<Value>(from: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.assign(Object.create(null), from);
}

/** Applies a frame: one new state a frame, entries that did not change keep their identity. */
export function applyFrame<Value>(
  state: KeyedState<Value>,
  frame: { kind: 'snapshot' | 'delta'; set: [string, Value][]; removed: string[] },
): KeyedState<Value> {
  if (frame.kind === 'snapshot') {
    const entries = entriesWith(Object.fromEntries(frame.set));
    // A snapshot lists the last changed last: what is known already keeps its place.
    const known = state.keys.filter((key) => Object.hasOwn(entries, key));
    const kept = new Set(known);
    return {
      ready: true,
      entries,
      keys: [...known, ...frame.set.map(([key]) => key).filter((key) => !kept.has(key))],
    };
  }
  const entries = entriesWith(state.entries);
  let keys = state.keys;
  for (const [key, value] of frame.set) {
    if (!Object.hasOwn(entries, key)) keys = [...keys, key];
    entries[key] = value;
  }
  for (const key of frame.removed) {
    if (!Object.hasOwn(entries, key)) continue;
    delete entries[key];
    keys = keys.filter((other) => other !== key);
  }
  return { ready: true, entries, keys };
}

export interface StreamStore<Name extends StreamName> {
  use: UseBoundStore<StoreApi<KeyedState<StreamValue<Name>>>>;
  /** Keeps the stream open until the returned function is called. Unused streams are closed. */
  keep(client: Client): () => void;
  /** Hears each frame after it was applied. */
  onFrame(listener: (frame: TypedFrame<Name>) => void): () => void;
}

/** A store fed by one stream while it is in use; used again, it continues from where it stopped. */
export function createStreamStore<Name extends StreamName>(stream: Name): StreamStore<Name> {
  const use = create<KeyedState<StreamValue<Name>>>()(() => emptyKeyed);
  const frames = createEmitter<[TypedFrame<Name>]>({ name: 'stream' });
  let keepers = 0;
  let cursor: Cursor | null = null;
  let end: (() => void) | null = null;

  function receive(frame: TypedFrame<Name>): void {
    cursor = frame.cursor;
    use.setState(applyFrame(use.getState(), frame), true);
    frames.emit(frame);
  }

  return {
    use,
    keep(client) {
      keepers += 1;
      end ??= client.subscribe(stream, receive, { cursor });
      let kept = true;
      return () => {
        if (!kept) return;
        kept = false;
        keepers -= 1;
        if (keepers > 0) return;
        end?.();
        end = null;
      };
    },
    onFrame: frames.on,
  };
}

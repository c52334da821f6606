import { type ComponentType, lazy } from 'react';

// biome-ignore lint/suspicious/noExplicitAny: a component may take any props; its own type is kept.
type AnyComponent = ComponentType<any>;

const loaders: (() => Promise<unknown>)[] = [];
const AGAIN_MS = 1000;

/**
 * A script comes from whoever listens at Pilotlight's address. After Pilotlight has stopped that may be another program,
 * and its script would run with what this page holds.
 */
let mayFetch: () => boolean = () => true;
export function fetchOnlyWhile(check: () => boolean): void {
  mayFetch = check;
}

function guarded<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let isLoaded = false;
  return async () => {
    if (!isLoaded && !mayFetch())
      throw new Error('This part of the panel can be loaded once Pilotlight runs.');
    const part = await load();
    isLoaded = true;
    return part;
  };
}

/** A page or dialog with a script of its own. @param name its export, unless it is the default */
export function latePart<Part extends AnyComponent>(
  load: () => Promise<{ default: Part }>,
): React.LazyExoticComponent<Part>;
export function latePart<Name extends string, Part extends AnyComponent>(
  load: () => Promise<Record<Name, Part>>,
  name: Name,
): React.LazyExoticComponent<Part>;
export function latePart(load: () => Promise<Record<string, AnyComponent>>, name = 'default') {
  const fetchPart = guarded(load);
  loaders.push(fetchPart);
  return lazy(async () => ({ default: (await fetchPart())[name] as AnyComponent }));
}

/** A script without a component, such as data. */
export function lateScript<Value>(load: () => Promise<Value>): () => Promise<Value> {
  const fetchScript = guarded(load);
  loaders.push(fetchScript);
  return fetchScript;
}

/**
 * Loads them one after another while the browser is idle: they open at once, also when Pilotlight is not running.
 * Returns a function that stops.
 */
export function loadLateParts(): () => void {
  let handle = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Safari has no idle callbacks.
  const later = globalThis.requestIdleCallback ?? ((then: () => void) => setTimeout(then, 200));
  const cancel = globalThis.cancelIdleCallback ?? clearTimeout;
  const waiting = [...loaders];
  const next = () => {
    if (waiting.length > 0 && !mayFetch()) {
      timer = setTimeout(next, AGAIN_MS);
      return;
    }
    const load = waiting.shift();
    if (!load) return;
    // A part that could not be fetched is tried again when it is opened.
    const then = () => {
      handle = later(next) as number;
    };
    load().then(then, then);
  };
  handle = later(next) as number;
  return () => {
    waiting.length = 0;
    clearTimeout(timer);
    cancel(handle);
  };
}

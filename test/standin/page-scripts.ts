/**
 * What runs in the page. The preload script has a world of its own and shares only the document with the page, so
 * that the two speak by events of the document, which are synchronous. Both functions are sent as text and may use
 * nothing from outside themselves.
 */

interface Side {
  expose(name: string, api: unknown): void;
}

function createSide(key: string, me: string, other: string): Side {
  type Encoded =
    | { f: number; at: string }
    | { a: Encoded[] }
    | { o: Record<string, Encoded> }
    | { v: unknown };
  const functions = new Map<number, (...args: unknown[]) => unknown>();
  const answers: Encoded[] = [];
  let last = 0;

  function encode(value: unknown): Encoded {
    if (typeof value === 'function') {
      last += 1;
      functions.set(last, value as () => unknown);
      return { f: last, at: me };
    }
    if (Array.isArray(value)) return { a: value.map(encode) };
    if (typeof value === 'object' && value !== null) {
      return { o: Object.fromEntries(Object.entries(value).map(([name, one]) => [name, encode(one)])) };
    }
    return { v: value };
  }

  function decode(value: Encoded): unknown {
    if ('f' in value) {
      if (value.at === me) return functions.get(value.f);
      return (...args: unknown[]) => ask({ kind: 'call', f: value.f, args: args.map(encode) });
    }
    if ('a' in value) return value.a.map(decode);
    if ('o' in value) {
      return Object.freeze(
        Object.fromEntries(Object.entries(value.o).map(([name, one]) => [name, decode(one)])),
      );
    }
    return value.v;
  }

  const dispatch = (kind: string, detail: unknown) =>
    document.dispatchEvent(new CustomEvent(`${key}-${kind}`, { detail: JSON.stringify(detail) }));

  function ask(message: object): unknown {
    dispatch(`to-${other}`, message);
    const answer = answers.pop();
    return answer === undefined ? undefined : decode(answer);
  }

  document.addEventListener(`${key}-answer-${me}`, (event) => {
    answers.push(JSON.parse((event as CustomEvent<string>).detail));
  });
  document.addEventListener(`${key}-to-${me}`, (event) => {
    const message = JSON.parse((event as CustomEvent<string>).detail);
    if (message.kind === 'expose') {
      Object.defineProperty(window, message.name, { value: decode(message.api), enumerable: true });
    } else {
      const result = functions.get(message.f)?.(...message.args.map(decode));
      dispatch(`answer-${other}`, encode(result));
    }
  });
  return { expose: (name, api) => void dispatch(`to-${other}`, { kind: 'expose', name, api: encode(api) }) };
}

/** Plays `electron` for the preload script. */
function createElectron(key: string, side: Side) {
  const binding = (globalThis as unknown as Record<string, (text: string) => void>)[key];
  const ports = new Map<number, MessagePort>();
  let last = 0;
  const tell = (message: object) => binding?.(JSON.stringify(message));
  Object.assign(globalThis, {
    [`${key}Deliver`]: (id: number, data: unknown) => ports.get(id)?.postMessage(data),
    [`${key}Close`]: (id: number) => ports.get(id)?.close(),
  });
  const ipcRenderer = {
    postMessage(channel: string, message: unknown, transfer: readonly MessagePort[] = []) {
      const ids = transfer.map((port) => {
        last += 1;
        const id = last;
        ports.set(id, port);
        port.onmessage = (event) => tell({ kind: 'port', id, data: event.data });
        return id;
      });
      tell({ kind: 'ipc', channel, message, ports: ids });
    },
  };
  return { ipcRenderer, contextBridge: { exposeInMainWorld: side.expose } };
}

/** For the page's own world. */
export function pageScript(key: string): string {
  return `(${createSide})(${JSON.stringify(key)}, 'page', 'preload');`;
}

/** For the world of the preload script: of the main frame only, as Electron does. `electron` is all it can load. */
export function preloadScript(key: string, source: string): string {
  return `if (window === window.top) {
  const side = (${createSide})(${JSON.stringify(key)}, 'preload', 'page');
  const electron = (${createElectron})(${JSON.stringify(key)}, side);
  const module = { exports: {} };
  const require = (name) => {
    if (name !== 'electron') throw new Error('A sandboxed preload script cannot load ' + name + '.');
    return electron;
  };
  (function (require, module, exports) {
${source}
  })(require, module, module.exports);
}`;
}

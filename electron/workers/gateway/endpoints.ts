/** What the gateway does with each path and method. Pure. */
import type { Dialect } from '../../core/gateway/model.ts';

/** Answered from the table. */
export type Listing = 'alive' | 'version' | 'tags' | 'running' | 'models' | 'model';

export interface Endpoint {
  kind:
    | Listing
    /** A request to a model, which stands in the body. */
    | 'infer'
    /** The same in a form with a file: passed on while it arrives. */
    | 'upload'
    /** Changes a node: passed on to the one that was chosen. */
    | 'manage'
    /** Asks the Internet by way of a node. */
    | 'web';
  dialect: Dialect;
  capability: 'chat' | 'generate' | 'embed' | null;
  takesName: boolean;
  conversation: 'messages' | 'prompt' | 'input' | null;
  /** Type that Go's decoder names. */
  goType: string;
  /** Named in the path: an unknown one is `404 page not found` if its body names no model. */
  known: boolean;
}

export type Found =
  | { kind: 'endpoint'; endpoint: Endpoint }
  | { kind: 'missing' }
  | { kind: 'method'; allowed: readonly string[] }
  | { kind: 'slash'; to: string };

function endpoint(kind: Endpoint['kind'], dialect: Dialect, more: Partial<Endpoint> = {}): Endpoint {
  return {
    kind,
    dialect,
    capability: null,
    takesName: false,
    conversation: null,
    goType: 'Request',
    known: true,
    ...more,
  };
}

type Methods = Readonly<Record<string, Endpoint>>;

const listed = (kind: Listing): Methods => {
  const one = endpoint(kind, 'ollama');
  return { HEAD: one, GET: one };
};
const ollama = (more: Partial<Endpoint>): Methods => ({ POST: endpoint('infer', 'ollama', more) });
const openai = (more: Partial<Endpoint> = {}): Methods => ({ POST: endpoint('infer', 'openai', more) });
const upload: Methods = { POST: endpoint('upload', 'openai') };
const anthropic: Methods = {
  POST: endpoint('infer', 'anthropic', { capability: 'chat', conversation: 'messages' }),
};
const manage = (...methods: string[]): Methods =>
  Object.fromEntries(methods.map((method) => [method, endpoint('manage', 'ollama')]));
const web: Methods = { POST: endpoint('web', 'ollama') };

/** The methods are listed in the order in which Allow names them. */
const paths: Readonly<Record<string, Methods>> = {
  '/': listed('alive'),
  '/api/version': listed('version'),
  '/api/tags': listed('tags'),
  '/api/ps': { GET: endpoint('running', 'ollama') },
  '/api/show': ollama({ takesName: true, goType: 'ShowRequest' }),
  '/api/generate': ollama({ capability: 'generate', conversation: 'prompt', goType: 'GenerateRequest' }),
  '/api/chat': ollama({ capability: 'chat', conversation: 'messages', goType: 'ChatRequest' }),
  '/api/embed': ollama({ capability: 'embed', goType: 'EmbedRequest' }),
  '/api/embeddings': ollama({ capability: 'embed', goType: 'EmbeddingRequest' }),
  '/api/pull': manage('POST'),
  '/api/push': manage('POST'),
  '/api/create': manage('POST'),
  '/api/copy': manage('POST'),
  '/api/delete': manage('DELETE'),
  '/api/me': manage('POST'),
  '/api/whoami': manage('POST', 'GET'),
  '/api/signout': manage('POST'),
  '/api/web_search': web,
  '/api/web_fetch': web,
  '/api/experimental/web_search': web,
  '/api/experimental/web_fetch': web,
  '/v1/models': { GET: endpoint('models', 'openai') },
  '/v1/chat/completions': openai({ capability: 'chat', conversation: 'messages' }),
  '/v1/completions': openai({ capability: 'generate', conversation: 'prompt' }),
  '/v1/embeddings': openai({ capability: 'embed' }),
  '/v1/responses': openai({ capability: 'chat', conversation: 'input' }),
  '/v1/audio/transcriptions': upload,
  '/v1/audio/translations': upload,
  '/v1/images/edits': upload,
  '/v1/images/variations': upload,
  '/v1/messages': anthropic,
  '/v1/messages/count_tokens': anthropic,
};

const blobs: Methods = manage('HEAD', 'POST');
const keys: Methods = manage('DELETE');
const model: Methods = { GET: endpoint('model', 'openai') };
/** A path of another server's, such as `/v1/rerank`: routed by the model in its body. */
const unknown = endpoint('infer', 'openai', { known: false });
const PLAIN_PATH = /^\/v1(?:\/[A-Za-z0-9_-][A-Za-z0-9_.:-]*)+$/;

function methodsAt(path: string): Methods | null {
  if (Object.hasOwn(paths, path)) return paths[path] ?? null;
  if (/^\/api\/blobs\/[^/]+$/.test(path)) return blobs;
  if (/^\/api\/user\/keys\/[^/]+$/.test(path)) return keys;
  if (/^\/v1\/models\/.+/.test(path)) return model;
  return null;
}

export function findEndpoint(method: string, path: string): Found {
  const methods = methodsAt(path);
  if (methods === null) {
    if (method === 'POST' && PLAIN_PATH.test(path)) return { kind: 'endpoint', endpoint: unknown };
    const to = path.replace(/\/$/, '');
    return to !== path && methodsAt(to)?.[method] !== undefined ? { kind: 'slash', to } : { kind: 'missing' };
  }
  const found = methods[method];
  return found ? { kind: 'endpoint', endpoint: found } : { kind: 'method', allowed: Object.keys(methods) };
}

/** The dialect of a path, also of one that does not exist. */
export function dialectOf(path: string): Dialect {
  if (path.startsWith('/v1/messages')) return 'anthropic';
  return path.startsWith('/v1') ? 'openai' : 'ollama';
}

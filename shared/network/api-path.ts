/** The path of an API that people copy with the address of a server. */

/** `server`: an inference server, in its own dialect and that of OpenAI. `agent`: agents, relays, shutdown servers. `index`: Recall. */
export type ApiKind = 'server' | 'agent' | 'index';

const OLLAMA =
  'version|tags|ps|show|generate|chat|embed|embeddings|pull|push|create|copy|delete|blobs(?:/[^/]+)?';
const OPENAI =
  'chat/completions|completions|embeddings|models(?:/.+)?|responses|messages|audio/transcriptions|images/generations';

const endings: Readonly<Record<ApiKind, RegExp>> = {
  server: new RegExp(`/(?:api(?:/(?:${OLLAMA}))?|v1(?:/(?:${OPENAI}))?)$`, 'i'),
  index: /\/index(?:\/(?:progress|start|jobs|status(?:\/[^/]+)?|cancel(?:\/[^/]+)?))?$/i,
  agent: /\/(?:health|status|wake|shutdown|v1(?:\/.*)?)$/i,
};

/** The path before the API, without a slash at its end: `/ollama/v1/` is `/ollama`, `/api/tags` is empty. */
export function basePath(pathname: string, kind: ApiKind): string {
  let path = pathname.replace(/\/+$/, '');
  for (let before = ''; before !== path; ) {
    before = path;
    path = path.replace(endings[kind], '').replace(/\/+$/, '');
  }
  return path;
}

/** The steps of the inference server. Pure. */
import { fact } from '../../../shared/models/message.ts';
import {
  fail,
  failWith,
  isRefused,
  isSilent,
  notApplicable,
  type Probe,
  pass,
  type Verdict,
} from './verdict.ts';

export interface ServerFacts {
  url: string | null;
  /** The machine itself answers. */
  hostAnswers: boolean;
  onThisComputer: boolean;
  server: Probe<{ product: string; version: string | null }> | null;
  /** Whether the server answers on the machine itself, by its agent; null if unknown. */
  answersThere: boolean | null;
}

/** Whether anything accepts connections on the server's port. */
export function judgePort(facts: ServerFacts): Verdict {
  const { url, hostAnswers, onThisComputer, server, answersThere } = facts;
  if (url === null || server === null) return notApplicable(fact('THIS_NODE_HAS_NO_SERVER'));
  if (!hostAnswers) return notApplicable(fact('MACHINE_SILENT'));
  const port = portOf(url);
  if (server.ok) return pass(fact('PORT_OPEN', { port }));
  if (isRefused(server.error)) {
    if (onThisComputer) return fail(fact('PORT_CLOSED_HERE', { port }), fact('START_OLLAMA_HERE'));
    if (answersThere === true)
      return fail(fact('PORT_CLOSED_TO_NETWORK', { port }), fact('MAKE_OLLAMA_LISTEN'));
    if (answersThere === false) return fail(fact('OLLAMA_NOT_RUNNING'), fact('START_OLLAMA_SERVICE'));
    return fail(fact('PORT_CLOSED', { port }), fact('START_OLLAMA'));
  }
  if (isSilent(server.error)) return fail(fact('PORT_SILENT', { port }), fact('OPEN_PORT', { port }));
  return pass(fact('PORT_OPEN', { port }));
}

/** Whether an inference server answers there. */
export function judgeServer(facts: ServerFacts): Verdict {
  const { url, server } = facts;
  if (url === null || server === null) return notApplicable(fact('THIS_NODE_HAS_NO_SERVER'));
  if (judgePort(facts).state !== 'pass') return notApplicable(fact('PORT_NOT_OPEN'));
  if (server.ok) {
    const { product, version } = server.value;
    return pass(fact('SERVER_ANSWERS', { product, version, tookMs: server.tookMs }));
  }
  if (server.error.code === 'HOST_TIMEOUT') return fail(fact('SERVER_SILENT'), fact('RESTART_OLLAMA'));
  return failWith(server.error);
}

export function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

import { describe, expect, it } from 'vitest';
import {
  judgePort,
  judgeServer,
  type ServerFacts,
} from '../../../../electron/core/diagnosis/judge-server.ts';
import {
  answered,
  type Code,
  expectVerdict,
  failed,
  na,
  refused,
  type State,
  silent,
  stuck,
} from './verdicts.ts';

const notOllama = failed('NOT_AN_INFERENCE_SERVER', { phase: 'answer' });
const facts = (changes: Partial<ServerFacts>): ServerFacts => ({
  url: 'http://10.0.0.7:11434',
  hostAnswers: true,
  onThisComputer: false,
  server: answered({ product: 'Ollama', version: '0.9.1' }),
  answersThere: null,
  ...changes,
});
const noServer = facts({ url: null, server: null });

describe('the port of the server', () => {
  it.each<[string, ServerFacts, State, Code, Code?]>([
    ['no server', noServer, na, 'THIS_NODE_HAS_NO_SERVER'],
    ['no machine', facts({ hostAnswers: false, server: silent }), na, 'MACHINE_SILENT'],
    ['open', facts({}), 'pass', 'PORT_OPEN'],
    ['open, whatever answers', facts({ server: notOllama }), 'pass', 'PORT_OPEN'],
    ['refused', facts({ server: refused }), 'fail', 'PORT_CLOSED', 'START_OLLAMA'],
    [
      'refused here',
      facts({ server: refused, onThisComputer: true }),
      'fail',
      'PORT_CLOSED_HERE',
      'START_OLLAMA_HERE',
    ],
    [
      'only on its own loopback',
      facts({ server: refused, answersThere: true }),
      'fail',
      'PORT_CLOSED_TO_NETWORK',
      'MAKE_OLLAMA_LISTEN',
    ],
    [
      'not running',
      facts({ server: refused, answersThere: false }),
      'fail',
      'OLLAMA_NOT_RUNNING',
      'START_OLLAMA_SERVICE',
    ],
    ['behind a firewall', facts({ server: silent }), 'fail', 'PORT_SILENT', 'OPEN_PORT'],
  ])('%s', (_, given, state, seen, fix) => expectVerdict(judgePort(given), state, seen, fix));

  it.each([
    ['http://10.0.0.7:11434', 11434],
    ['https://box.lan', 443],
    ['http://box.lan', 80],
  ])('of %s is %d', (url, port) => {
    expect(judgePort(facts({ url })).seen?.params).toEqual({ port });
  });
});

describe('the answer of the server', () => {
  it.each<[string, ServerFacts, State, Code, Code?]>([
    ['no server', noServer, na, 'THIS_NODE_HAS_NO_SERVER'],
    ['answers', facts({}), 'pass', 'SERVER_ANSWERS'],
    ['no port', facts({ server: refused }), na, 'PORT_NOT_OPEN'],
    [
      'accepts connections and is silent',
      facts({ server: stuck }),
      'fail',
      'SERVER_SILENT',
      'RESTART_OLLAMA',
    ],
    [
      'something else',
      facts({ server: notOllama }),
      'fail',
      'NOT_AN_INFERENCE_SERVER',
      'NOT_AN_INFERENCE_SERVER',
    ],
    [
      'a bad certificate',
      facts({ server: failed('HOST_UNREACHABLE', { phase: 'connect', reason: 'secure-connection' }) }),
      'fail',
      'HOST_UNREACHABLE',
      'HOST_UNREACHABLE',
    ],
  ])('%s', (_, given, state, seen, fix) => expectVerdict(judgeServer(given), state, seen, fix));
});

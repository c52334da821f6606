import { describe, expect, it } from 'vitest';
import { serverError } from '../../../../electron/adapters/inference/ollama-errors.ts';
import {
  classifyFailure,
  classifyNotReady,
  type FailureKind,
} from '../../../../electron/core/acquire/failure.ts';
import { type ErrorCode, PilotlightError } from '../../../../shared/contract/errors.ts';

const withStatus = (status: unknown, code: ErrorCode = 'SERVER_ERROR') =>
  new PilotlightError(code, { details: { status } });

describe('a failed request', () => {
  const byCode: [ErrorCode, FailureKind][] = [
    ['SERVER_BUSY', 'busy'],
    ['HOST_UNREACHABLE', 'connection'],
    ['SERVER_ERROR', 'server'],
    ['BAD_REQUEST', 'server'],
    ['HOST_TIMEOUT', 'unavailable'],
    ['NAME_NOT_RESOLVED', 'unavailable'],
    ['MODEL_NOT_FOUND', 'unavailable'],
    ['OUT_OF_MEMORY', 'unavailable'],
    ['NOT_AN_INFERENCE_SERVER', 'unavailable'],
    ['RESPONSE_TOO_LARGE', 'unavailable'],
    ['NO_SERVER', 'unavailable'],
    ['NODE_ASLEEP', 'unavailable'],
    ['SERVER_LOCKED', 'unavailable'],
    ['SERVER_REDIRECTS', 'unavailable'],
    ['SERVER_TOO_OLD', 'unavailable'],
    ['MODEL_CANNOT_EMBED', 'unavailable'],
    ['RUNNER_DIED', 'server'],
    ['ANSWER_INCOMPLETE', 'server'],
    ['INPUT_TOO_LONG', 'input'],
    ['INTERNAL', 'server'],
  ];
  it.each(byCode)('%s is about: %s', (code, kind) => {
    expect(classifyFailure(new PilotlightError(code))).toBe(kind);
  });

  it.each([399, 404, 408, 429, 499, 500, 503, '400', null])(
    'status %s does not blame the input',
    (status) => {
      expect(classifyFailure(withStatus(status))).toBe('server');
    },
  );

  it.each([400, 401, 403, 413, 422, 498])('status %i blames the input', (status) => {
    expect(classifyFailure(withStatus(status))).toBe('input');
    expect(classifyFailure(withStatus(status, 'BAD_REQUEST'))).toBe('input');
  });

  it('of an unknown kind may be caused by either', () => {
    expect(classifyFailure(new TypeError('x'))).toBe('server');
    expect(classifyFailure(undefined)).toBe('server');
  });
});

describe('what Ollama answers', () => {
  it.each<[number, string, FailureKind]>([
    [400, 'do embedding request: Post "http://127.0.0.1:38737/v1/embeddings": EOF', 'server'],
    [
      400,
      'do embedding request: Post "http://127.0.0.1:1/v1/embeddings": read tcp 127.0.0.1:2->127.0.0.1:1: read: connection reset by peer',
      'server',
    ],
    [
      400,
      'do embedding request: Post "http://127.0.0.1:1/embedding": dial tcp 127.0.0.1:1: connect: connection refused',
      'server',
    ],
    [500, 'llama-server process has terminated: signal: killed', 'server'],
    [500, 'an error was encountered while running the model: unexpected EOF', 'server'],
    [400, 'the input length exceeds the context length', 'input'],
    [500, 'the input length exceeds the context length', 'input'],
    [
      400,
      'request (6002 tokens) exceeds the available context size (4096 tokens), try increasing it',
      'input',
    ],
    [501, 'This server does not support embeddings. Start it with `--embeddings`', 'unavailable'],
    [400, 'invalid input type', 'input'],
    [400, 'unexpected EOF', 'input'],
    [
      500,
      'llama-server process has terminated: exit status 1: cudaMalloc failed: out of memory',
      'unavailable',
    ],
    [
      500,
      'llama-server process has terminated: exit status 1: ggml_aligned_malloc: insufficient memory (attempted to allocate 15625.00 MB)',
      'unavailable',
    ],
    [503, 'server busy, please try again.  maximum pending requests exceeded', 'busy'],
    [500, 'tensor "blk.1.attn_output.weight" offset+size (4354176) exceeds file size (4293184)', 'server'],
  ])('%i %s is about: %s', (status, message, kind) => {
    expect(classifyFailure(serverError(status, message))).toBe(kind);
  });
});

describe('a node that did not become ready', () => {
  const notAllowed = new PilotlightError('WAKE_NOT_ALLOWED');
  const noModel = new PilotlightError('MODEL_NOT_FOUND');
  it.each([
    ['waking', notAllowed, 'wake-not-allowed'],
    ['waking', new PilotlightError('WAKE_TIMEOUT'), 'wake-failed'],
    ['waking', noModel, 'wake-failed'],
    ['waking', new Error('x'), 'wake-failed'],
    ['woken', noModel, 'wake-failed'],
    ['woken', notAllowed, 'dropped'],
    ['woken', new PilotlightError('HOST_UNREACHABLE'), 'dropped'],
    ['serving', noModel, 'dropped'],
    ['serving', notAllowed, 'dropped'],
    ['serving', new Error('x'), 'dropped'],
  ] as const)('%s, %s: %s', (stage, error, expected) => {
    expect(classifyNotReady(error, stage)).toBe(expected);
  });
});

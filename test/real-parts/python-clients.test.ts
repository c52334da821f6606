/** The Python clients work unchanged through the gateway. build/run-tests.mjs installs them. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { spawn } from '../fakes/children.ts';
import { CHAT, EMBED, openClientWorld } from '../integration/gateway-clients/world.ts';

const script = fileURLToPath(new URL('./python_clients.py', import.meta.url));
const { PILOTLIGHT_PYTHON: python, ...environment } = process.env;

/** What each check of the script must print. */
const expected: Readonly<Record<string, unknown>> = {
  'ollama: lists': expect.arrayContaining([CHAT, EMBED]),
  'ollama: shows': expect.arrayContaining(['completion', 'tools']),
  'ollama: chats the same whole and streamed': [true, true, true],
  'ollama: generates with options': ['length', 4],
  'ollama: embeds': [3, 384, true],
  'ollama: takes its host from the environment': true,
  'ollama: lists what is loaded': true,
  'ollama: raises its own error': ['ResponseError', 404],
  'ollama: copies and deletes': ['success', 'success'],
  'openai: lists': expect.arrayContaining([CHAT, EMBED]),
  'openai: chats the same whole and streamed': [true, true],
  'openai: asks for a response': ['completed', 'response.created', 'response.completed'],
  'openai: embeds by its default, which is base64': [2, true],
  'openai: raises its own error': ['NotFoundError', 404],
  'anthropic: asks for a message, whole and streamed': [true, 'end_turn'],
  'anthropic: raises its own error': ['NotFoundError', 404],
  'langchain: invokes and streams': [true, true],
  'langchain: embeds': [2, 384],
  "langchain: raises the client's error": ['ResponseError', 404],
  'llama-index: chats the same whole and streamed': [true, true],
  'llama-index: completes': true,
  'llama-index: embeds': [384, 2],
};

describe.skipIf(python === undefined || python === '')('Python clients (npm test -- real-parts)', () => {
  it('work unchanged', async () => {
    await using world = await openClientWorld();
    const child = spawn(python ?? '', [script, world.url, CHAT, EMBED], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...environment, NO_PROXY: '127.0.0.1' },
    });
    const [output, errors] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    const lines = output.split('\n').filter((line) => line !== '');
    const results = lines.map(
      (line) => JSON.parse(line) as { name: string; result?: unknown; error?: string },
    );
    expect(errors.split('\n').filter((line) => line.startsWith('Traceback'))).toEqual([]);
    expect(Object.fromEntries(results.map(({ name, result, error }) => [name, error ?? result]))).toEqual(
      expected,
    );
  });
});

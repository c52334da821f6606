import { describe, expect, it } from 'vitest';
import { createStreamWatch, streamKind } from '../../../../electron/workers/gateway/completion.ts';

function watched(
  kind: 'lines' | 'events',
  dialect: 'ollama' | 'openai' | 'anthropic',
  text: string,
  size: number,
) {
  const watch = createStreamWatch(kind, dialect);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) watch.write(bytes.subarray(at, at + size));
  watch.finish();
  return watch;
}

describe.each([1, 5, 1000])('in chunks of %i bytes', (size) => {
  it.each([
    ['done', '{"done":false}\n{"done":true}\n', 'done'],
    ['done, without a line break', '{"done":false}\n{"x":[1,{"y":2}],"done":true}', 'done'],
    ['done with spaces', '{"done": true}\n', 'done'],
    ['not done', '{"done":false}\n', null],
    ['done only in a text', '{"response":"\\"done\\":true","done":false}\n', null],
    ['done only in the arguments of a tool', '{"message":{"arguments":{"done":true}},"done":false}\n', null],
    ['an error', '{"done":false}\n{"error":"x"}\n', 'error'],
    ['nothing', '', null],
  ])('lines: %s', (_, text, end) => {
    expect(watched('lines', 'ollama', text, size).end).toBe(end);
  });

  it.each([
    ['openai', 'data: {"a":1}\n\ndata: [DONE]\n\n', 'done'],
    ['openai', 'data: {"a":1}\n\ndata: [DONE]', 'done'],
    ['openai', 'event: response.completed\ndata: {"type":"response.completed"}\n\n', 'done'],
    ['openai', 'data: {"text":"data: [DONE]"}\n\n', null],
    ['openai', 'data: {"error":{"message":"x"}}\n\n', 'error'],
    ['anthropic', 'event: message_stop\ndata: {"type":"message_stop"}\n\n', 'done'],
    ['anthropic', 'data: {"text":"event: message_stop"}\n\n', null],
    ['anthropic', 'event: error\ndata: {}\n\n', 'error'],
  ] as const)('events of %s: %j', (dialect, text, end) => {
    expect(watched('events', dialect, text, size).end).toBe(end);
  });

  it('knows whether a line is open', () => {
    expect(watched('lines', 'ollama', '{"a":1}\n', size).onNewLine).toBe(true);
    expect(watched('lines', 'ollama', '{"a":1}\n{"b"', size).onNewLine).toBe(false);
  });
});

it('knows streams by their type', () => {
  expect(streamKind('application/x-ndjson')).toBe('lines');
  expect(streamKind('text/event-stream; charset=utf-8')).toBe('events');
  expect(streamKind('application/json')).toBeNull();
  expect(streamKind(undefined)).toBeNull();
});

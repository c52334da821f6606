import { describe, expect, it } from 'vitest';
import { readOllamaHost } from '../../../../electron/core/fleet/ollama-host.ts';

describe('OLLAMA_HOST', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:11434'],
    ['127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['localhost', 'http://localhost:11434'],
    ['http://localhost', 'http://localhost'],
    ['http://127.0.0.1:11434/', 'http://127.0.0.1:11434'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['0.0.0.0:9000', 'http://127.0.0.1:9000'],
    ['http://0.0.0.0:9000', 'http://127.0.0.1:9000'],
    [':9000', 'http://127.0.0.1:9000'],
    ['::', 'http://127.0.0.1:11434'],
    ['[::]:9000', 'http://127.0.0.1:9000'],
    ['::1', 'http://[::1]:11434'],
    ['[::1]:9000', 'http://[::1]:9000'],
    ['"127.0.0.1"', 'http://127.0.0.1:11434'],
  ])('%s is on this computer', (value, url) => {
    expect(readOllamaHost(value)).toEqual({ kind: 'loopback', url });
  });

  it.each([
    ['192.168.1.20', 'http://192.168.1.20:11434'],
    ['gpu-box:8080', 'http://gpu-box:8080'],
    ['https://ollama.lan', 'https://ollama.lan'],
    ['fe80::1', 'http://[fe80::1]:11434'],
    ['[2001:db8::1]:9000', 'http://[2001:db8::1]:9000'],
  ])('%s is another machine, and only offered', (value, url) => {
    expect(readOllamaHost(value)).toEqual({ kind: 'offer', url, source: 'OLLAMA_HOST' });
  });

  it.each([undefined, '', '  ', 'ftp://host', 'http://user:pw@host', 'a b', 'http://'])(
    '%j says nothing',
    (value) => {
      expect(readOllamaHost(value)).toBeNull();
    },
  );
});

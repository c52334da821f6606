import { describe, expect, it } from 'vitest';
import { basePath } from '../../../../shared/network/api-path.ts';

describe('the path of an address', () => {
  it.each([
    ['/', ''],
    ['/v1', ''],
    ['/v1/', ''],
    ['/V1', ''],
    ['/api', ''],
    ['/api/', ''],
    ['/api/tags', ''],
    ['/api/tags/', ''],
    ['/api/version', ''],
    ['/api/ps', ''],
    ['/api/generate', ''],
    ['/api/embed', ''],
    ['/api/blobs/sha256:abc', ''],
    ['/v1/chat/completions', ''],
    ['/v1/models', ''],
    ['/v1/models/llama3.1:8b', ''],
    ['/v1/embeddings', ''],
    ['/ollama/v1', '/ollama'],
    ['/ollama/api/tags', '/ollama'],
    ['/api/v1', ''],
    ['/v1//api/', ''],
    // Not the end of an API: a proxy may serve a machine there.
    ['/api/gpu-tower', '/api/gpu-tower'],
    ['/v1/gpu-tower', '/v1/gpu-tower'],
    ['/ollama', '/ollama'],
    ['/v10', '/v10'],
    ['/myapi', '/myapi'],
  ])('%s of a server is %j', (path, base) => {
    expect(basePath(path, 'server')).toBe(base);
  });

  it.each([
    ['/health', ''],
    ['/wake', ''],
    ['/wake/', ''],
    ['/shutdown', ''],
    ['/status', ''],
    ['/v1', ''],
    ['/v1/telemetry/stream', ''],
    ['/gpu/shutdown', '/gpu'],
    ['/api', '/api'],
    ['/awake', '/awake'],
  ])('%s of an agent is %j', (path, base) => {
    expect(basePath(path, 'agent')).toBe(base);
  });
});

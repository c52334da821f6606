/** Requests of every dialect that are asked whether the recordings are there or not. */
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import type { RecordedRequest } from '../ollama-recordings/recordings.ts';

const CHAT = CATALOGUE.llama32.name;
const EMBED = CATALOGUE.allMiniLm.name;
const messages = [{ role: 'user', content: 'Why is the sky blue?' }];

const get = (path: string, headers?: Record<string, string>): RecordedRequest => ({
  method: 'GET',
  path,
  ...(headers && { headers }),
});
const post = (path: string, body: unknown): RecordedRequest => ({ method: 'POST', path, body });

export const ownCases: readonly (readonly [name: string, request: RecordedRequest])[] = [
  ['alive', get('/')],
  ['alive, HEAD', { method: 'HEAD', path: '/' }],
  ['tags', get('/api/tags')],
  ['tags, HEAD', { method: 'HEAD', path: '/api/tags' }],
  ['ps, nothing loaded', get('/api/ps')],
  ['version', get('/api/version')],
  ['models', get('/v1/models')],
  ['one model', get(`/v1/models/${CHAT}`)],
  ['one model, missing', get('/v1/models/nope')],
  ['show', post('/api/show', { model: CHAT })],
  ['show by the older name', post('/api/show', { name: CHAT, verbose: true })],
  ['show, missing', post('/api/show', { model: 'nope' })],
  ['chat, streamed', post('/api/chat', { model: CHAT, messages })],
  ['chat, whole', post('/api/chat', { model: CHAT, messages, stream: false })],
  [
    'chat, options of nulls',
    post('/api/chat', { model: CHAT, messages, options: { num_ctx: null }, format: null }),
  ],
  ['chat, the model last', post('/api/chat', { messages, stream: false, model: CHAT })],
  [
    'chat with tools',
    post('/api/chat', { model: CHAT, messages, tools: [{ type: 'function' }], stream: false }),
  ],
  ['chat, missing', post('/api/chat', { model: 'nope', messages })],
  ['chat with an embedding model', post('/api/chat', { model: EMBED, messages })],
  ['generate, streamed', post('/api/generate', { model: CHAT, prompt: 'Once' })],
  ['generate, a load', post('/api/generate', { model: CHAT })],
  ['generate with pictures', post('/api/generate', { model: CHAT, prompt: 'x', images: ['aGVsbG8='] })],
  ['generate, a wrong option', post('/api/generate', { model: CHAT, options: { num_gpu: 'all' } })],
  ['embed', post('/api/embed', { model: EMBED, input: ['one', 'two', 'three'] })],
  ['embed without a tag', post('/api/embed', { model: 'all-minilm', input: 'one' })],
  ['embed, an empty text', post('/api/embed', { model: EMBED, input: '' })],
  ['embed, missing', post('/api/embed', { model: 'nope', input: 'one' })],
  ['embeddings', post('/api/embeddings', { model: EMBED, prompt: 'one' })],
  ['/v1 chat, streamed', post('/v1/chat/completions', { model: CHAT, messages, stream: true })],
  ['/v1 chat, whole', post('/v1/chat/completions', { model: CHAT, messages })],
  ['/v1 chat, missing', post('/v1/chat/completions', { model: 'nope', messages })],
  ['/v1 completions', post('/v1/completions', { model: CHAT, prompt: 'Once', max_tokens: 3 })],
  ['/v1 embeddings', post('/v1/embeddings', { model: EMBED, input: ['one', 'two'] })],
  [
    '/v1 embeddings, base64',
    post('/v1/embeddings', { model: EMBED, input: ['one', 'two'], encoding_format: 'base64' }),
  ],
  ['/v1 responses, streamed', post('/v1/responses', { model: CHAT, input: 'Hello', stream: true })],
  ['/v1 responses, whole', post('/v1/responses', { model: CHAT, input: 'Hello' })],
  [
    '/v1 messages, streamed',
    post('/v1/messages?beta=true', { model: CHAT, max_tokens: 9, messages, stream: true }),
  ],
  ['/v1 messages, whole', post('/v1/messages', { model: CHAT, max_tokens: 9, messages })],
  ['/v1 messages, missing', post('/v1/messages', { model: 'nope', max_tokens: 9, messages })],
  ['ps, two loaded', get('/api/ps')],
  ['copy', post('/api/copy', { source: EMBED, destination: 'copied' })],
  ['tags with the copy', get('/api/tags')],
  ['delete', { method: 'DELETE', path: '/api/delete', body: { model: 'copied' } }],
  ['delete, missing', { method: 'DELETE', path: '/api/delete', body: { model: 'copied' } }],
  ['a blob, missing', { method: 'HEAD', path: `/api/blobs/sha256:${'0'.repeat(64)}` }],
  ['pull, missing', post('/api/pull', { model: 'nope' })],
  ['no body', { method: 'POST', path: '/api/chat' }],
  ['half a body', post('/api/chat', '{"model":"llama3.2:3b","messages":[')],
  ['a body that is no JSON', post('/v1/chat/completions', 'hello')],
  ['no model', post('/api/generate', { prompt: 'x' })],
  ['a wrong method', get('/api/chat')],
  ['an unknown path', get('/api/nothing')],
  ['a slash at the end', get('/api/tags/')],
  ['a page of this computer', get('/api/version', { Origin: 'http://localhost:5173' })],
  ['a foreign host', get('/api/version', { Host: 'example.com' })],
];

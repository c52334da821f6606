// Records the requests of real clients in Node, byte for byte: see README.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

const here = new URL('.', import.meta.url);
const KEY = 'key-of-a-recording';
const MODEL = 'words';
const vector = Buffer.from(Float32Array.of(0.5, -0.5, 0.25, 0.125).buffer).toString('base64');

let last = null;
const server = createServer((socket) => {
  let data = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (part) => {
    data = Buffer.concat([data, part]);
    const end = data.indexOf('\r\n\r\n');
    const head = data.toString('latin1', 0, Math.max(0, end));
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const isChunked = /^transfer-encoding:.*chunked/im.test(head);
    const isWhole =
      end >= 0 &&
      (isChunked ? data.toString('latin1').endsWith('0\r\n\r\n') : data.length >= end + 4 + length);
    if (!isWhole) return;
    last = data;
    data = Buffer.alloc(0);
    const embedding = { object: 'embedding', index: 0, embedding: vector };
    const body = head.includes('embeddings')
      ? { object: 'list', data: [embedding], model: MODEL, usage: { prompt_tokens: 1, total_tokens: 1 } }
      : head.startsWith('POST / ')
        ? [[0.5, -0.5]]
        : { clip: '[1]', imageHeight: 1, imageWidth: 1 };
    const text = JSON.stringify(body);
    socket.write(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();
const url = `http://127.0.0.1:${port}`;

function save(name, host) {
  const text = last.toString('latin1').replace(`127.0.0.1:${port}`, host);
  writeFileSync(new URL(`${name}.http`, here), Buffer.from(text, 'latin1'));
  console.log(name, text.length);
}

const faces = readFileSync(new URL('immich/faces.http', here));
const jpeg = faces.subarray(
  faces.indexOf(Buffer.from([0xff, 0xd8, 0xff])),
  faces.lastIndexOf(Buffer.from([0xff, 0xd9])) + 2,
);

/** As Immich's server sends it: fetch, with a form of its own. */
async function immich(name, entries, content) {
  const form = new FormData();
  form.append('entries', JSON.stringify(entries));
  if (typeof content === 'string') form.append('text', content);
  else form.append('image', new Blob([content]));
  await (await fetch(new URL('/predict', url), { method: 'POST', body: form })).json();
  save(`immich/${name}`, 'machine-learning:3003');
}

const modelName = 'ViT-B-32__openai';
// A search in a language that is not known: the option is left out of the JSON.
await immich(
  'clip-textual-no-language',
  { clip: { textual: { modelName, options: { language: undefined } } } },
  'Strand',
);
await immich(
  'faces-low-score',
  {
    'facial-recognition': {
      detection: { modelName: 'buffalo_l', options: { minScore: 0.5 } },
      recognition: { modelName: 'buffalo_l' },
    },
  },
  jpeg,
);
await (await fetch(new URL('/ping', url), { signal: AbortSignal.timeout(2000) })).text();
save('immich/ping', 'machine-learning:3003');

if (process.argv[2] !== undefined) {
  const modules = new URL(`${process.argv[2]}/`, 'file:');
  const { default: OpenAI } = await import(new URL('openai/index.mjs', modules).href);
  await new OpenAI({ baseURL: `${url}/v1`, apiKey: KEY }).embeddings.create({ model: MODEL, input: 'red' });
  save('openai/node-text', '127.0.0.1:8765');
  const { InferenceClient } = await import(new URL('@huggingface/inference/dist/esm/index.js', modules).href);
  await new InferenceClient(KEY, { endpointUrl: url }).featureExtraction({ inputs: 'red' });
  save('tei/huggingface-node', '127.0.0.1:8765');
}
server.close();
server.closeAllConnections?.();
process.exit(0);

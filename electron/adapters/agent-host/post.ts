/** One POST of JSON; only the status of the response matters. */
import http from 'node:http';

/**
 * Resolves with the status; follows no redirects, reads no body. Rejects without a response, or if the signal aborts.
 */
export async function postJson(url: string, body: object, signal: AbortSignal): Promise<number> {
  const target = new URL(url);
  // TLS costs memory, which an agent without such an address saves.
  const client = target.protocol === 'https:' ? await import('node:https') : http;
  const content = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) };
  return new Promise((resolve, reject) => {
    const request = client.request(target, { method: 'POST', headers, signal, agent: false }, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    request.on('error', reject);
    request.end(content);
  });
}

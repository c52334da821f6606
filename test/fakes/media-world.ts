/** What a handler of media gets: a folder, programs and servers that behave as a test says, and what it reports. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSystemClock } from '../../electron/adapters/clock.ts';
import { SAMPLE_RATE, wavOf } from '../../electron/workers/media/pieces.ts';
import type { HandlerContext } from '../../electron/workers/tasks/handlers/handler.ts';
import type { MediaTools } from '../../electron/workers/tasks/handlers/media.ts';
import type { HandlerMeans } from '../../electron/workers/tasks/means.ts';
import { type SpeechServerOptions, startSpeechServer } from './speech-server.ts';

/** A tone of so many seconds with a pause each second, as a WAV file. */
export function toneWav(seconds: number, loud = 8000): Buffer {
  const pcm = Buffer.alloc(Math.round(seconds * SAMPLE_RATE) * 2);
  for (let at = 0; at * 2 < pcm.length; at += 1) {
    const isPause = at % SAMPLE_RATE < SAMPLE_RATE / 4;
    pcm.writeInt16LE(isPause ? 0 : Math.round(loud * Math.sin(at / 6)), at * 2);
  }
  return Buffer.concat(wavOf(pcm));
}

export async function openMediaWorld(options: SpeechServerOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-media-'));
  const task = mkdtempSync(join(folder, 'task-'));
  const server = await startSpeechServer(options);
  const stopping = new AbortController();
  const progress: [share: number, text: string | undefined][] = [];
  const lines: string[] = [];
  const means: HandlerMeans = {
    speech: { server: { url: server.url, key: 'k', model: 'tiny', language: 'en' } },
    vision: { server: { url: server.url, key: 'k', model: 'llava' } },
    faces: { gap: 'not-set' },
  };
  return {
    folder,
    server,
    stopping,
    progress,
    lines,
    means,
    context: (own: Partial<HandlerContext> = {}): HandlerContext => ({
      ...{ contentType: 'audio', options: {}, allowedHosts: [], means, folder: task },
      signal: stopping.signal,
      progress: (share, text) => void progress.push([share, text]),
      log: (line) => void lines.push(line),
      ...own,
    }),
    /** @param ffmpeg default: none */
    tools: (own: Partial<MediaTools> = {}): MediaTools => ({
      ...{ clock: createSystemClock(), ffmpeg: '/nowhere/ffmpeg', ytDlp: '/nowhere/yt-dlp' },
      ...own,
    }),
    file(name: string, content: Buffer | string) {
      const path = join(folder, name);
      writeFileSync(path, content);
      return { kind: 'file' as const, path, name };
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type MediaWorld = Awaited<ReturnType<typeof openMediaWorld>>;

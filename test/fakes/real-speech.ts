/** The speech server of test/real-parts/speech_server.py: a real Whisper, a voice that speaks to it, and ffmpeg. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { wavOf } from '../../electron/workers/media/pieces.ts';
import { spawn } from './children.ts';

const script = fileURLToPath(new URL('../real-parts/speech_server.py', import.meta.url));

export const SPEECH_MODEL = 'tiny.en';

export interface RealSpeech extends AsyncDisposable {
  url: string;
  /** Path of the program. */
  ffmpeg: string;
  /** A sentence as samples. */
  say(text: string): Promise<{ rate: number; pcm: Buffer }>;
}

/** @param python that of speech-requirements.txt */
export async function startRealSpeech(python: string, beam = 5): Promise<RealSpeech> {
  const child = spawn(python, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, SPEECH_BEAM: String(beam), NO_PROXY: '127.0.0.1' },
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`The speech server ended with ${code}.`);
    }),
  ])) as [string];
  const { port, ffmpeg } = JSON.parse(line) as { port: number; ffmpeg: string };
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    ffmpeg,
    async say(text) {
      const answer = await fetch(`${url}/v1/audio/speech`, {
        method: 'POST',
        body: JSON.stringify({ input: text }),
      });
      const wav = Buffer.from(await answer.arrayBuffer());
      return { rate: wav.readUInt32LE(24), pcm: wav.subarray(44) };
    },
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit');
      child.stdin.end();
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** A WAV file of these samples. */
export const wavFile = (pcm: Buffer, rate: number): Buffer => Buffer.concat(wavOf(pcm, rate));

/** Speech to text by a server with OpenAI's `/v1/audio/transcriptions`: Ollama, faster-whisper, vLLM, OpenAI. */
import { randomUUID } from 'node:crypto';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { SpeechServer } from '../tasks/means.ts';
import { errorTextOf, type ModelReply, type SendModelCall, sendPatiently } from './model-call.ts';
import type { Spoken } from './transcript.ts';

export interface Recording {
  /** Its ending says the format to the server. */
  name: string;
  type: string;
  content: readonly Buffer[];
  /** null if it is not known. */
  seconds: number | null;
}

export interface Heard {
  /** Times from the beginning of what was sent. Without times, one part with all of it. */
  spoken: Spoken[];
  hasTimes: boolean;
  /** As the server names it; null if it does not say. */
  language: string | null;
  /** null if it does not say. */
  seconds: number | null;
}

export interface Speech {
  /** Rejects with SPEECH_REFUSED, SPEECH_FAILED, HOST_UNREACHABLE, HOST_TIMEOUT, or the signal's reason. */
  hear(recording: Recording, signal: AbortSignal): Promise<Heard>;
}

/** A slow machine needs several times as long as was spoken, and may have to wake first. */
const LEAST_MS = 15 * 60_000;
const PER_SECOND_MS = 10_000;

export function createSpeech({
  server,
  clock,
  send,
}: {
  server: SpeechServer;
  clock: Pick<Clock, 'timer' | 'sleep'>;
  send?: SendModelCall;
}): Speech {
  /** Not every server knows the longer form; one that does not says so once. */
  let format: 'verbose_json' | 'json' = 'verbose_json';

  async function ask(recording: Recording, signal: AbortSignal): Promise<ModelReply> {
    const { name, type, content, seconds } = recording;
    const boundary = `pilotlight-${randomUUID()}`;
    const fields: [string, string][] = [
      ['model', server.model],
      ['response_format', format],
      ...(format === 'verbose_json' ? [['timestamp_granularities[]', 'segment'] as [string, string]] : []),
      ...(server.language === null ? [] : [['language', server.language] as [string, string]]),
    ];
    const head = fields
      .map(([field, value]) => part(boundary, `name="${field}"`, value.replace(/[\r\n]+/g, ' ')))
      .join('');
    const file = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`;
    return sendPatiently(
      {
        server,
        path: '/v1/audio/transcriptions',
        contentType: `multipart/form-data; boundary=${boundary}`,
        body: [Buffer.from(head + file), ...content, Buffer.from(`\r\n--${boundary}--\r\n`)],
        clock,
        deadlineMs: Math.max(LEAST_MS, (seconds ?? 0) * PER_SECOND_MS),
        signal,
      },
      send,
    );
  }

  return {
    async hear(recording, signal) {
      let reply = await ask(recording, signal);
      const isFormat =
        reply.status >= 400 &&
        reply.status < 500 &&
        /response_format|verbose_json|granularit/i.test(reply.text);
      if (isFormat && format === 'verbose_json') {
        format = 'json';
        reply = await ask(recording, signal);
      }
      if (reply.status !== 200) throw refusal(reply);
      return readHeard(reply.text, recording.seconds);
    },
  };
}

const part = (boundary: string, disposition: string, value: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;

function refusal(reply: ModelReply): PilotlightError {
  const isFinal = reply.status < 500 && reply.status !== 408 && reply.status !== 429;
  return new PilotlightError(isFinal ? 'SPEECH_REFUSED' : 'SPEECH_FAILED', {
    message: fact('SPEECH_SERVER_SAID', { status: reply.status, said: errorTextOf(reply) }),
  });
}

/** Whisper's own rule for text that it makes up where there is no speech. */
const isMadeUp = ({ no_speech_prob: silence, avg_logprob: sure }: Record<string, unknown>) =>
  typeof silence === 'number' && typeof sure === 'number' && silence > 0.6 && sure < -1;

function readHeard(body: string, sentSeconds: number | null): Heard {
  const answer = Object(parseJson(body)) as Record<string, unknown>;
  const { text, segments, language, duration } = answer;
  const seconds = typeof duration === 'number' && duration >= 0 ? duration : sentSeconds;
  const about = { language: typeof language === 'string' ? language : null, seconds };
  const parts = Array.isArray(segments) ? segments.flatMap(readSegment) : [];
  if (parts.length > 0 || (Array.isArray(segments) && segments.length > 0)) {
    return { spoken: parts, hasTimes: true, ...about };
  }
  if (typeof text !== 'string') {
    throw new PilotlightError('SPEECH_FAILED', { message: fact('SPEECH_ANSWER_UNREADABLE') });
  }
  const spoken = text.trim() === '' ? [] : [{ start: 0, end: seconds ?? 0, text: text.trim() }];
  // An empty list means that there was no speech.
  return { spoken, hasTimes: Array.isArray(segments) && spoken.length === 0, ...about };
}

function readSegment(value: unknown): Spoken[] {
  const segment = Object(value) as Record<string, unknown>;
  const { start, end, text } = segment;
  if (typeof start !== 'number' || typeof text !== 'string' || !Number.isFinite(start) || isMadeUp(segment)) {
    return [];
  }
  const last = typeof end === 'number' && end >= start ? end : start;
  return [{ start: Math.max(0, start), end: last, text: text.trim() }];
}

/** The newest release at an address: its manifest, verified before anything in it is used. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
import {
  MANIFEST_NAME,
  MOST_MANIFEST_BYTES,
  SIGNATURE_NAME,
} from '../../../shared/models/update-manifest.ts';
import type { Http, HttpStream } from '../../core/ports/network.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { Release, ReleaseSource } from '../../core/ports/updates.ts';
import { inFolder, openFollowing, unreachable } from './open-following.ts';
import { readSignedManifest } from './signed-manifest.ts';

/** For both files together, however slowly they come. */
const WHOLE_MS = 60_000;
const MOST_SIGNATURE_BYTES = 1000;

export function createReleaseSource(options: {
  http: Pick<Http, 'open'>;
  clock: Pick<Clock, 'timer'>;
  keys: readonly string[];
}): ReleaseSource {
  const { http, clock, keys } = options;

  async function get(url: string, most: number, headers: Record<string, string>, signal: AbortSignal) {
    const stream = await openFollowing(http, { url, headers, signal });
    if (stream.status === 304) {
      stream.close();
      return null;
    }
    if (stream.status !== 200) {
      stream.close();
      if (stream.status === 404 || stream.status === 410) throw new PilotlightError('UPDATE_NO_RELEASE');
      throw unreachable(`The server answered with status ${stream.status}.`);
    }
    return { bytes: await readBytes(stream, most, signal), etag: stream.headers.etag ?? null };
  }

  async function read({ address, etag }: { address: string; etag: string | null }, signal: AbortSignal) {
    const headers: Record<string, string> = etag === null ? {} : { 'if-none-match': etag };
    const manifest = await get(inFolder(address, MANIFEST_NAME), MOST_MANIFEST_BYTES, headers, signal);
    if (manifest === null) {
      if (etag === null) throw unreachable('The server answered with status 304 to a first request.');
      return 'unchanged';
    }
    const signature = await get(inFolder(address, SIGNATURE_NAME), MOST_SIGNATURE_BYTES, {}, signal).catch(
      (error: unknown) => {
        // A release without its signature is as good as one with a wrong one.
        if (isPilotlightError(error) && ['UPDATE_NO_RELEASE', 'UPDATE_MANIFEST'].includes(error.code))
          throw new PilotlightError('UPDATE_SIGNATURE', { cause: error });
        throw error;
      },
    );
    if (signature === null) throw unreachable('The server answered with status 304 to a first request.');
    const reading = readSignedManifest({
      ...{ bytes: manifest.bytes, keys },
      signature: Buffer.from(signature.bytes).toString('latin1'),
    });
    if (reading.ok) return { manifest: reading.manifest, etag: manifest.etag };
    throw new PilotlightError(
      reading.problem === 'wrong-signature' ? 'UPDATE_SIGNATURE' : 'UPDATE_MANIFEST',
      {
        details: { problem: reading.problem },
      },
    );
  }

  return {
    async read({ address, etag, signal }): Promise<Release | 'unchanged'> {
      const late = new AbortController();
      const timer = clock.timer(WHOLE_MS, () => late.abort(unreachable('It took longer than a minute.')));
      try {
        using limited = eitherOf(signal, late.signal);
        return await read({ address, etag }, limited.signal);
      } finally {
        timer.cancel();
      }
    },
  };
}

async function readBytes(
  { body, close }: HttpStream,
  most: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > most) throw new PilotlightError('UPDATE_MANIFEST', { details: { problem: 'too-large' } });
      chunks.push(chunk);
    }
  } catch (error) {
    close();
    if (signal.aborted) throw signal.reason;
    if (isPilotlightError(error) && error.code === 'UPDATE_MANIFEST') throw error;
    throw unreachable(error instanceof Error ? error.message : String(error), error);
  }
  return Buffer.concat(chunks);
}

/** What Ollama on this machine reports: in its API, in its log, and through the system that started it. */
import { open, stat } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import { join } from 'node:path';
import { eitherOf } from '../../../shared/either.ts';
import { parseAnswer } from '../../../shared/json.ts';
import type { Exec } from '../hardware/exec.ts';
import type { HostPlatform, OllamaFacts } from './types.ts';

const DEADLINE_MS = 3000;
const MAX_BYTES = 256 * 1024;

/**
 * Whether Ollama found a GPU at its last start: the last line `inference compute` names the library, which is `cpu`
 * without a GPU. Older versions write "no compatible GPUs were discovered". null without any of these lines since it
 * began to listen, because it checks for GPUs after that.
 */
export function gpuFoundInLog(log: string): boolean | null {
  let found: boolean | null = null;
  let inBlock = false;
  for (const line of log.split('\n')) {
    if (/msg="Listening on /.test(line)) found = null;
    if (/no compatible GPUs were discovered/i.test(line)) found = false;
    const library = /msg="inference compute".*\blibrary=(\S+)/.exec(line)?.[1];
    // Consecutive lines are the devices of one start.
    if (library !== undefined) found = (inBlock && found === true) || library.toLowerCase() !== 'cpu';
    inBlock = library !== undefined;
  }
  return found;
}

/** Whether a model of `/api/ps` is in VRAM; null if none is loaded. */
export function gpuUsedByModels(body: unknown): boolean | null {
  const models = (body as { models?: unknown } | null)?.models;
  if (!Array.isArray(models) || models.length === 0) return null;
  const onGpu = models.some((model: { size_vram?: unknown } | null) => Number(model?.size_vram ?? 0) > 0);
  // Models entirely on the CPU may have been placed there on purpose.
  return onGpu ? true : null;
}

/** `ActiveEnterTimestamp=@1795232000` of `systemctl show --timestamp=unix`. */
export function parseUnitStart(output: string): number | null {
  const seconds = /^ActiveEnterTimestamp=@(\d+)/m.exec(output)?.[1];
  return seconds === undefined || seconds === '0' ? null : Number(seconds) * 1000;
}

export async function readOllamaFacts({
  url,
  exec,
  platform,
  signal,
}: {
  url: string;
  exec: Exec;
  platform: HostPlatform;
  signal: AbortSignal;
}): Promise<OllamaFacts> {
  const [version, running, started] = await Promise.all([
    getJson(new URL('/api/version', url), signal),
    getJson(new URL('/api/ps', url), signal),
    platform === 'linux' ? fromSystemd(exec, signal) : fromLogFile(platform),
  ]);
  const reported = (version as { version?: unknown } | null)?.version;
  return {
    answers: typeof reported === 'string',
    version: typeof reported === 'string' ? reported.slice(0, 64) : null,
    startedAt: started.startedAt,
    gpuFound: gpuUsedByModels(running) ?? started.gpuFound,
    restarts: null,
  };
}

type Started = Pick<OllamaFacts, 'startedAt' | 'gpuFound'>;

async function fromSystemd(exec: Exec, signal: AbortSignal): Promise<Started> {
  const options = { deadlineMs: DEADLINE_MS, signal };
  const [unit, log] = await Promise.all([
    exec(
      'systemctl',
      ['show', 'ollama.service', '--property=ActiveEnterTimestamp', '--timestamp=unix'],
      options,
    ).catch(() => ''),
    exec(
      'journalctl',
      ['--unit=ollama', '--boot', '--output=cat', '--lines=2000', '--quiet', '--no-pager'],
      options,
    ).catch(() => ''),
  ]);
  return { startedAt: parseUnitStart(unit), gpuFound: gpuFoundInLog(log) };
}

/** The desktop programs start a new log each time. */
async function fromLogFile(platform: HostPlatform): Promise<Started> {
  const folder =
    platform === 'win32'
      ? join(process.env.LOCALAPPDATA ?? os.homedir(), 'Ollama')
      : join(os.homedir(), '.ollama', 'logs');
  const path = join(folder, 'server.log');
  try {
    const { birthtimeMs } = await stat(path);
    const file = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
      return { startedAt: birthtimeMs, gpuFound: gpuFoundInLog(buffer.toString('utf8', 0, bytesRead)) };
    } finally {
      await file.close();
    }
  } catch {
    return { startedAt: null, gpuFound: null };
  }
}

/** null for anything but JSON of a moderate size that arrives in time. */
async function getJson(url: URL, signal: AbortSignal): Promise<unknown> {
  using limit = eitherOf(signal, AbortSignal.timeout(DEADLINE_MS));
  return await new Promise((resolve) => {
    const request = http.get(url, { signal: limit.signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BYTES) request.destroy();
        else chunks.push(chunk);
      });
      response.on('close', () => resolve(null));
      response.on('end', () => resolve(parseAnswer(Buffer.concat(chunks).toString('utf8')) ?? null));
    });
    request.on('error', () => resolve(null));
    request.on('upgrade', (_, socket) => {
      socket.destroy();
      resolve(null);
    });
  });
}

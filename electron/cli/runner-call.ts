/** Calls to the runner of this computer: the one that runs, or one started for the command. */
import { fromWireError, PilotlightError, wireErrorSchema } from '../../shared/contract/errors.ts';
import { parseJson } from '../../shared/json.ts';
import { createNodeHttp } from '../adapters/network/http.ts';
import { openRunner } from '../adapters/processes/runner/open-runner.ts';
import type { Log } from '../core/ports/log.ts';
import { openDataFolder } from '../host/data-folder.ts';
import { runnerWorkerEntry, version } from '../host/program.ts';
import { type CommandContext, optionText } from './command.ts';

export interface RunnerCall {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  body?: object;
  /** Of the answer. Default 64 MiB. */
  maxBytes?: number;
}

export interface RunnerCaller {
  readonly url: string;
  /** Rejects with the runner's error. No deadline: a large model takes minutes. */
  call(call: RunnerCall): Promise<unknown>;
  /** Each JSON object of an answer that has one on each line. */
  lines(call: RunnerCall, onLine: (line: unknown) => void): Promise<void>;
}

const MAX_BYTES = 64 * 1024 ** 2;
const silent = () => {};
const silentLog: Log = { debug: silent, info: silent, warn: silent, error: silent };

/** A runner that was started for the command is stopped after it. */
export async function withRunner<Value>(
  context: CommandContext,
  use: (runner: RunnerCaller) => Promise<Value>,
): Promise<Value> {
  const { signal } = context;
  const folder = optionText(context, 'data');
  const dataFolder = await openDataFolder(folder === undefined ? undefined : context.resolve(folder));
  const runner = await openRunner({ dataFolder, entry: runnerWorkerEntry, version, log: silentLog, signal });
  if (runner.sharedFrom !== null)
    context.terminal.note(`Using the runner of another program of yours (${runner.sharedFrom}).`);
  const http = createNodeHttp();
  const headers = { authorization: `Bearer ${runner.token}` };
  try {
    return await use({
      url: runner.url,
      async call({ method, path, body, maxBytes = MAX_BYTES }) {
        const { status, text } = await http.request({
          method,
          url: `${runner.url}${path}`,
          headers,
          ...(body === undefined ? {} : { body }),
          deadlineMs: null,
          maxBytes,
          signal,
        });
        const answer = parseJson(text);
        if (status >= 200 && status < 300) return answer;
        throw toError(answer, status);
      },
      async lines({ method, path, body }, onLine) {
        const stream = await http.open({
          method,
          url: `${runner.url}${path}`,
          headers,
          ...(body === undefined ? {} : { body }),
          headersMs: null,
          idleMs: null,
          signal,
        });
        const decoder = new TextDecoder();
        let rest = '';
        for await (const chunk of stream.body) {
          rest += decoder.decode(chunk, { stream: true });
          const all = rest.split('\n');
          rest = all.pop() ?? '';
          if (stream.status === 200) for (const line of all) onLine(parseJson(line));
        }
        if (stream.status !== 200) throw toError(parseJson(rest), stream.status);
      },
    });
  } finally {
    await runner.stop();
  }
}

/** The runner's error, in its own shape or in that of a protocol it speaks. */
export function toError(answer: unknown, status: number): PilotlightError {
  const nested = (answer as { error?: unknown } | undefined)?.error;
  for (const one of [answer, nested]) {
    const wire = wireErrorSchema.safeParse(one);
    if (wire.success) return fromWireError(wire.data);
  }
  return new PilotlightError('RUNNER_ERROR', { details: { status } });
}

/** `pilotlight worker check`: one thing after the other that a worker needs, and how to fix what is missing. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPilotlightError } from '../../../../shared/contract/errors.ts';
import {
  OLDEST_WORKER_PROTOCOL,
  WORKER_PROTOCOL,
  type WorkerAnswer,
} from '../../../../shared/contract/task-worker.ts';
import { parseJson } from '../../../../shared/json.ts';
import type { TaskQueueName, WorkerType } from '../../../../shared/models/tasks.ts';
import { formatBytes } from '../../../../shared/units.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { Clock } from '../../../core/ports/time.ts';
import { createBell } from '../bell.ts';
import { coded } from '../failures.ts';
import { readSharedProof } from '../files/shared-folder.ts';
import type { HandlerComponent } from '../handlers/handler.ts';
import { textOfFailure } from '../handlers/samples.ts';
import { handledContentTypes, handlerComponents } from '../handlers/table.ts';
import type { TaskServer } from '../link/server.ts';
import { type HandlerMeans, handlerMeans, noMeans } from '../means.ts';
import { openTaskWorker } from '../open-worker.ts';
import { handlerHost } from '../processes/handler-host.ts';
import { startHandlerProcess } from '../processes/handler-process.ts';

export interface CheckStep {
  name: 'server' | 'version' | 'clock' | 'shared-folder' | 'handlers' | 'component' | 'task';
  state: 'pass' | 'fail' | 'not-applicable';
  seen: string;
  fix: string;
}

export interface CheckSettings {
  server: string;
  token: string;
  id: string;
  name: string;
  type: WorkerType;
  queues: TaskQueueName[];
  version: string;
  sharedFolder: string | null;
  memoryLimitMb: number;
}

const HELLO_MS = 15_000;
const HANDLER_MS = 60_000;
const TASK_MS = 60_000;
const MOST_CLOCK_MS = 300_000;
const TEXT = '# Pilotlight worker check\n\nThis text went through a task.\n';

export async function checkWorker(
  settings: CheckSettings,
  {
    server,
    clock,
    entry,
    signal,
    report,
  }: {
    server: TaskServer;
    clock: Clock;
    entry: string;
    signal: AbortSignal;
    report(step: CheckStep): void;
  },
): Promise<CheckStep[]> {
  const steps: CheckStep[] = [];
  function add(name: CheckStep['name'], state: CheckStep['state'], seen: string, fix = ''): void {
    const step = { name, state, seen, fix };
    steps.push(step);
    report(step);
  }

  const session = await hello();
  if (session !== null) checkAnswer(session);
  await checkHandlers();
  const means = handlerMeans(session?.means, settings.server);
  for (const component of handlerComponents) await checkComponent(component, means);
  // Its key for the gateway ends with it.
  if (session !== null) await bye();
  if (session === null || session.refused !== null)
    add('task', 'not-applicable', 'A task needs a connection.');
  else await checkTask();
  return steps;

  async function hello(): Promise<(WorkerAnswer<'hello'> & { clockOffMs: number }) | null> {
    const askedAt = clock.now();
    try {
      const answer = await server.call(
        'hello',
        {
          id: settings.id,
          name: settings.name,
          type: settings.type,
          queues: settings.queues,
          slots: 1,
          version: settings.version,
          protocol: WORKER_PROTOCOL,
          oldestProtocol: OLDEST_WORKER_PROTOCOL,
          contentTypes: [...handledContentTypes],
          agentId: null,
          checkOnly: true,
          now: askedAt,
          sharedFolderProof:
            settings.sharedFolder === null ? null : await readSharedProof(settings.sharedFolder),
          tasks: [],
        },
        { signal, deadlineMs: HELLO_MS },
      );
      add('server', 'pass', `${settings.server} answers, and accepts the key.`);
      // In the middle of the exchange, as far as that is known.
      return { ...answer, clockOffMs: (askedAt + clock.now()) / 2 - answer.now };
    } catch (error) {
      signal.throwIfAborted();
      const { code, message, next } = coded(error);
      add('server', 'fail', `${settings.server}: ${message} (${code})`, next);
      return null;
    }
  }

  function checkAnswer({
    refused,
    clockOffMs,
    sharedFolder,
  }: WorkerAnswer<'hello'> & { clockOffMs: number }) {
    const seconds = Math.round(Math.abs(clockOffMs) / 1000);
    if (refused !== null && refused.code !== 'CLOCK_WRONG')
      add('version', 'fail', refused.error, refused.next);
    else add('version', 'pass', `Version ${settings.version} fits.`);
    if (Math.abs(clockOffMs) > MOST_CLOCK_MS || refused?.code === 'CLOCK_WRONG') {
      add(
        'clock',
        'fail',
        `The clocks differ by ${seconds} s.`,
        'Set the clock of this computer, for example with NTP.',
      );
    } else
      add(
        'clock',
        'pass',
        seconds < 2 ? 'The clocks agree.' : `The clocks differ by ${seconds} s, which is fine.`,
      );
    if (settings.sharedFolder === null) {
      add('shared-folder', 'not-applicable', 'None is named: files are downloaded.');
    } else if (sharedFolder)
      add('shared-folder', 'pass', `${settings.sharedFolder} is Pilotlight's shared folder.`);
    else {
      add(
        'shared-folder',
        'fail',
        `${settings.sharedFolder} is not the folder that Pilotlight shares, or cannot be read.`,
        'Compare the paths, and check that it is mounted here. Until then, files are downloaded.',
      );
    }
  }

  async function bye(): Promise<void> {
    await server.call('bye', { workerId: settings.id }, { signal, deadlineMs: HELLO_MS }).catch(() => {});
  }

  async function checkHandlers(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'pilotlight-check-'));
    const handler = startHandlerProcess(handlerHost(entry, settings.memoryLimitMb), clock, () => {});
    try {
      const path = join(folder, 'check.md');
      await writeFile(path, TEXT);
      const result = await handler.run(
        {
          contentType: 'document',
          input: { kind: 'file', path, name: 'check.md' },
          options: {},
          folder,
          allowedHosts: [],
          means: noMeans,
        },
        { signal, patienceMs: () => 0, timeMs: HANDLER_MS, onProgress: () => {} },
      );
      const kinds = handledContentTypes.join(', ');
      add('handlers', 'pass', `Handles ${kinds}. One process takes ${formatBytes(result.memoryBytes)}.`);
    } catch (error) {
      signal.throwIfAborted();
      const { message, details } = coded(error);
      const stderr = typeof details?.stderr === 'string' ? ` ${details.stderr.trim()}` : '';
      add(
        'handlers',
        'fail',
        `${message}${stderr}`,
        'Check that this computer has memory and may start processes.',
      );
    } finally {
      handler.kill();
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function checkComponent({ name, test, fix }: HandlerComponent, means: HandlerMeans): Promise<void> {
    try {
      const result = await test(signal, means);
      if (result !== undefined && 'unused' in result) {
        add('component', 'not-applicable', `Does without ${name}: ${result.unused}`);
      } else add('component', 'pass', `Can read ${name}${result === undefined ? '' : `: ${result.seen}`}.`);
    } catch (error) {
      signal.throwIfAborted();
      add('component', 'fail', `Cannot read ${name}: ${textOfFailure(error)}`, fix);
    }
  }

  /** Addressed to this worker, which takes it from the queue as it takes any other. */
  async function checkTask(): Promise<void> {
    const form = new FormData();
    form.append('file', new Blob([TEXT], { type: 'text/markdown' }), 'check.md');
    form.append('content_type', 'document');
    form.append('worker', settings.id);
    const online = createBell();
    let hasWorked = false;
    const worker = await openTaskWorker({
      config: { ...settings, agentId: null, slots: 1, checkOnly: true },
      ...{ entry, log: silent },
      onStatus({ active, state }) {
        hasWorked ||= active > 0;
        if (state === 'online') online.ring();
      },
    });
    const limited = AbortSignal.any([signal, AbortSignal.timeout(TASK_MS)]);
    const startedAt = clock.monotonic();
    try {
      while (worker.status().state !== 'online') await online.wait(limited);
      const reply = await fetch(`${settings.server}/process/file`, {
        method: 'POST',
        body: form,
        headers: { authorization: `Bearer ${settings.token}` },
        redirect: 'error',
        signal: limited,
      });
      const answer = Object(parseJson(await reply.text())) as Record<string, unknown>;
      const seconds = ((clock.monotonic() - startedAt) / 1000).toFixed(1);
      const isDone = answer.success === true && String(answer.content).includes('went through a task');
      if (isDone && hasWorked) {
        add('task', 'pass', `A small document went through the queue and this worker in ${seconds} s.`);
      } else if (isDone) {
        add('task', 'fail', 'Another worker did the task of this one.', 'Update Pilotlight, which is older.');
      } else {
        const said = answer.error_message ?? answer.error ?? answer.detail ?? `status ${reply.status}`;
        const seen = `A small document came back with an error: ${String(said)}`;
        add('task', 'fail', seen, String(answer.next ?? ''));
      }
    } catch (error) {
      signal.throwIfAborted();
      if (limited.aborted) {
        const seen = `This worker did not get a small document within ${TASK_MS / 1000} s.`;
        add(
          'task',
          'fail',
          seen,
          'Check the queue in Pilotlight on the page Tasks, and the log of Pilotlight.',
        );
      } else add('task', 'fail', `It was not sent: ${textOfError(error)}`);
    } finally {
      await worker.stop();
    }
  }
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const textOfError = (error: unknown): string =>
  isPilotlightError(error) || error instanceof Error ? error.message : String(error);

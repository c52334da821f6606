/** What a core makes of a data folder. As a program: answers each `{folder}` with a CoreContent. */

import { startHost } from '../../electron/host/start-host.ts';
import { isPilotlightError } from '../../shared/contract/errors.ts';
import { everyRight } from '../../shared/rights.ts';
import { type AnyMessage, textOf } from '../../shared/text/index.ts';

export interface CoreContent {
  /** Why it did not start; null where it did. */
  failed: string | null;
  nodes: number;
  sources: number;
  leases: number;
  policies: number;
  jobs: number;
  secrets: number;
  hits: number;
  /** The error's code where the search failed. */
  searchFailed: string | null;
  /** The trouble that it reports: notices, warnings in the activity, and what a search left out. */
  notices: string[];
}

export async function readCore(dataFolder: string): Promise<CoreContent> {
  const content: CoreContent = {
    failed: null,
    nodes: 0,
    sources: 0,
    leases: 0,
    policies: 0,
    jobs: 0,
    secrets: 0,
    hits: 0,
    searchFailed: null,
    notices: [],
  };
  try {
    const host = await startHost({
      dataFolder,
      environment: { OLLAMA_HOST: '127.0.0.1:9', PILOTLIGHT_LOG: 'silent' },
      panelRoot: null,
      resumeJobs: false,
    });
    try {
      const call = <Result>(method: string, params: unknown) =>
        host.dispatcher.call({
          method,
          params,
          scopes: everyRight,
          signal: AbortSignal.timeout(20_000),
        }) as Promise<Result>;
      const nodes = await call<{ id: string }[]>('fleet.list', {});
      content.nodes = nodes.length;
      content.sources = (await call<unknown[]>('index.sources', {})).length;
      content.jobs = (await call<unknown[]>('index.jobs', { limit: 50 })).length;
      const power = await call<{ leases: unknown[]; policy: { idleMinutes: number } }[]>('power.list', {});
      content.leases = power.reduce((sum, { leases }) => sum + leases.length, 0);
      content.policies = power.filter(({ policy }) => policy.idleMinutes !== 15).length;
      const settings = await call<{ optimizer: { webhookUrl: { set: boolean } } }>('settings.get', {});
      content.secrets = settings.optimizer.webhookUrl.set ? 1 : 0;
      try {
        const found = await call<{ hits: unknown[]; notices: AnyMessage[] }>('index.search', {
          text: 'lamp burns in room',
          limit: 20,
        });
        content.hits = found.hits.length;
        content.notices.push(...found.notices.map((notice) => `search: ${textOf(notice)}`));
      } catch (error) {
        content.searchFailed = isPilotlightError(error) ? error.code : String(error);
      }
      const status = await call<{ notices: { code: string }[] }>('core.status', {});
      content.notices.push(...status.notices.map(({ code }) => code));
      const activity = await call<{ severity: string; message: AnyMessage }[]>('activity.list', {
        limit: 50,
      });
      for (const { severity, message } of activity)
        if (severity === 'warning' || severity === 'error')
          content.notices.push(`activity: ${textOf(message)}`);
    } finally {
      await host.stop();
    }
  } catch (error) {
    content.failed = isPilotlightError(error)
      ? `${error.code}: ${error.message}`
      : `not ours: ${error instanceof Error ? error.stack : error}`;
  }
  return content;
}

if (process.send !== undefined) {
  process.on('message', ({ folder }: { folder: string }) => {
    readCore(folder).then((content) => process.send?.(content));
  });
}

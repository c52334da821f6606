import { describe, expect, it } from 'vitest';
import { postCallback } from '../../../../electron/core/indexing/callback.ts';
import {
  fileCounts,
  jobActivity,
  jobError,
  jobLabel,
  labelFolders,
} from '../../../../electron/core/indexing/job-outcome.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact, type Message, plainText } from '../../../../shared/models/message.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { noStreams } from '../../../fakes/http.ts';
import { silentLog } from '../../../fakes/indexing.ts';
import { aJob } from '../../../fakes/records.ts';

describe('what a job is called', () => {
  it.each<[readonly string[], boolean, Message, readonly string[] | null]>([
    [['Notes'], false, plainText('Notes'), ['Notes']],
    // The only folder there is.
    [['Notes'], true, plainText('Notes'), ['Notes']],
    [['a', 'b'], false, fact('FOLDER_NAMES', { names: ['a', 'b'] }), ['a', 'b']],
    [['a', 'b'], true, fact('ALL_FOLDERS'), null],
  ])('%j (all: %s)', (names, isAll, label, folders) => {
    expect(jobLabel(names, isAll)).toEqual(label);
    expect(labelFolders(label)).toEqual(folders);
  });
});

describe('how a job failed', () => {
  it('is its error, as a message and as it crosses a link', () => {
    const message = fact('FILE_OVER_LIMIT', { bytes: 2, limit: 1 });
    const { error, detail } = jobError(new PilotlightError('FILE_TOO_LARGE', { message }));
    expect(error).toMatchObject({ code: 'FILE_TOO_LARGE', message: 'Too large: 2 B (limit 1 B).' });
    expect(detail).toEqual(message);
  });

  it('has what the server reported, once', () => {
    const reported = (message: string) =>
      jobError(new PilotlightError('SERVER_ERROR', { message, details: { server: 'no room' } }));
    expect(reported('It failed.').detail).toEqual(
      fact('ERROR_FROM_SERVER', { message: plainText('It failed.'), server: 'no room' }),
    );
    expect(reported('It failed.').error.message).toContain('no room');
    expect(reported('It failed: no room.').detail).toEqual(plainText('It failed: no room.'));
  });

  it('is INTERNAL for a defect, without its text', () => {
    expect(jobError(new TypeError('x is undefined')).error.code).toBe('INTERNAL');
    expect(JSON.stringify(jobError(new TypeError('x is undefined')))).not.toContain('undefined');
  });
});

describe('the activity entry of a job', () => {
  const ended = { label: fact('ALL_FOLDERS'), endedAt: 2 };
  const files = fileCounts(aJob());

  it.each([
    ['completed', 'success', true, fact('INDEXING_FINISHED', { folders: null, files })],
    ['cancelled', 'info', false, fact('INDEXING_CANCELLED', { folders: null, files })],
    ['failed', 'error', true, fact('INDEXING_FAILED', { folders: null, reason: plainText('Full.') })],
  ] as const)('of a %s one', (status, severity, notify, message) => {
    const error = { code: 'DISK_FULL', message: 'Full.', next: 'Free some.' };
    const job = aJob({
      ...ended,
      status,
      detail: plainText('Full.'),
      error: status === 'failed' ? error : null,
    });
    expect(jobActivity(job)).toMatchObject({ kind: 'index', severity, notify, message });
    expect(jobActivity(job)?.why ?? null).toEqual(status === 'failed' ? plainText('Free some.') : null);
  });

  it('does not exist while it runs', () => {
    expect(jobActivity(aJob({ status: 'running' }))).toBeNull();
  });
});

describe('the folders of a job in its callback', () => {
  async function vaultOf(own: Parameters<typeof aJob>[0]): Promise<unknown> {
    const bodies: { stats: { vault: unknown } }[] = [];
    const http = {
      ...noStreams,
      async request({ body }: { body?: object | string }) {
        bodies.push(body as (typeof bodies)[number]);
        return { status: 200, headers: {}, text: '' };
      },
    };
    const job = aJob({ status: 'completed', endedAt: 2, ...own });
    const { signal } = new AbortController();
    await postCallback(
      { clock: createFakeClock(), http, log: silentLog, url: 'http://127.0.0.1:1', job },
      signal,
    );
    return bodies[0]?.stats.vault;
  }

  it('are the name of a single one, or "all", as scripts expect', async () => {
    expect(await vaultOf({ sourceIds: ['a'], label: plainText('Notes') })).toBe('Notes');
    expect(await vaultOf({ sourceIds: ['a', 'b'], label: fact('ALL_FOLDERS') })).toBe('all');
    const names = ['Notes', 'Papers'];
    expect(await vaultOf({ sourceIds: ['a', 'b'], label: fact('FOLDER_NAMES', { names }) })).toBe('all');
  });
});

/** Addresses that nobody wrote with this program: cut, made up, or meant to break a page. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { periodHash, readPeriodField } from '../../../../renderer/charts/period.ts';
import { readZoom, zoomHash } from '../../../../renderer/charts/span.ts';
import * as activity from '../../../../renderer/features/activity/filter.ts';
import * as fleet from '../../../../renderer/features/fleet/fleet-address.ts';
import * as models from '../../../../renderer/features/models/address.ts';
import * as requests from '../../../../renderer/features/requests/filter.ts';
import * as runner from '../../../../renderer/features/runner/view.ts';
import * as search from '../../../../renderer/features/search/address.ts';
import * as settings from '../../../../renderer/features/settings/address.ts';
import {
  nodeFromHash,
  nodeTabFromHash,
  pageFromHash,
  runFromHash,
} from '../../../../renderer/features/shell/route.ts';
import * as tasks from '../../../../renderer/features/tasks/filter.ts';
import { taskMethods } from '../../../../shared/contract/tasks.ts';
import { historySpanSchema } from '../../../../shared/models/telemetry.ts';

/** What a page reads, written again. */
const parts: Record<string, (hash: string) => string> = {
  activity: (hash) => activity.addressHash(activity.readAddress(hash)),
  fleet: (hash) => fleet.fleetHash(fleet.readFleet(hash)),
  vram: (hash) => fleet.vramOfHash(fleet.readVramOf(hash)),
  models: (hash) => models.modelsHash(models.readModelsFilter(hash)),
  moves: (hash) => models.movesHash(models.readMovesFilter(hash)),
  cell: (hash) => models.openCellHash(models.readOpenCell(hash)),
  requests: (hash) => requests.addressHash(requests.readAddress(hash)),
  runner: (hash) => runner.addressHash(runner.readAddress(hash)),
  search: (hash) => search.searchHash(search.readSearch(hash)),
  settings: (hash) => settings.settingsHash(settings.readSettings(hash)),
  tasks: (hash) => tasks.addressHash(tasks.readAddress(hash)),
  texts: (hash) => tasks.textsHash(tasks.readTexts(hash)),
  period: (hash) => periodHash(readPeriodField(hash), hash),
  zoom: (hash) => zoomHash(readZoom(hash), hash),
};
const pages = ['fleet', 'models', 'search', 'index', 'tasks', 'requests', 'runner', 'activity', 'settings'];
const names = [
  ...[
    'q',
    'in',
    'type',
    'of',
    'file',
    'at',
    'place',
    'kind',
    'severity',
    'on',
    'state',
    'sort',
    'vram',
    'only',
  ],
  ...[
    'moves',
    'model',
    'node',
    'program',
    'text',
    'by',
    'request',
    'view',
    'show',
    'queue',
    'worker',
    'batch',
  ],
  ...['task', 'stored', 'from', 'period', 'zoom', 'setting', 'tab', 'run', 'energy'],
];
const bad = [
  ...[
    '',
    '__proto__',
    'constructor',
    'toString',
    'NaN',
    'Infinity',
    '-1',
    '1e999',
    '0x10',
    'null',
    'undefined',
  ],
  ...[
    '<script>alert(1)</script>',
    'javascript:alert(1)',
    '"><img src=x onerror=alert(1)>',
    '%',
    '%E0%A4%A',
    '%00',
  ],
  ...['0-0', '5-2', '-5-2', '0-999999999999999', '999999999999998-999999999999999', '1-2-3', '9'.repeat(400)],
  ...['a'.repeat(100_000), '\ud800', '../../etc/passwd', 'page:1', 'page:999999999.999', 'time:-1', '&=?#'],
];
const value = fc.oneof(fc.constantFrom(...bad), fc.string({ unit: 'binary' }));
const hashes = fc
  .record({
    page: fc.oneof(fc.constantFrom(...pages, 'node/%E0%A4%A', 'node/__proto__', ''), fc.string()),
    fields: fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 8 }),
    raw: fc.boolean(),
  })
  .map(({ page, fields, raw }) => {
    const query = raw
      ? fields.map(([name, text]) => `${name}=${text}`).join('&')
      : new URLSearchParams(fields.map(([name, text]) => [name, text] as [string, string])).toString();
    return `#/${page}?${query}`;
  });

describe('a hash of any kind', () => {
  test('is read by every part of every page, and as the same when it was written again', () => {
    fc.assert(
      fc.property(hashes, (hash) => {
        for (const [name, again] of Object.entries(parts)) {
          const once = again(hash);
          expect([name, again(once)]).toEqual([name, once]);
        }
        expect(pages).toContain(pageFromHash(hash));
        for (const read of [nodeFromHash, nodeTabFromHash, runFromHash]) read(hash);
      }),
      { numRuns: 500 },
    );
  });

  test('never asks the core for what it refuses', () => {
    const { 'tasks.list': list, 'tasks.ingested': ingested } = taskMethods;
    fc.assert(
      fc.property(hashes, (hash) => {
        const page = hash.replace(/^#\/[^?]*/, '#/tasks');
        const { filter } = tasks.readAddress(page);
        expect(list.params.safeParse({ ...tasks.searchOf(filter), offset: 0, limit: 200 }).success).toBe(
          true,
        );
        const { text, offset } = tasks.readTexts(page);
        expect(ingested.params.safeParse({ text: text.trim(), offset, limit: 100 }).success).toBe(true);
        expect(historySpanSchema.safeParse(readPeriodField(page).period).success).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

import { expect, test } from 'vitest';
import { doorsOf, matchesDoors, prometheusJob } from '../../../../renderer/features/settings/doors.ts';
import { defaultSettings } from '../../../../shared/models/settings.ts';

const nothing = { url: null, gateway: null, settings: null, runner: null, immich: null };

test('what is not known has no address', () => {
  expect(doorsOf(nothing).map((door) => door.url)).toEqual([null, null, null, null, null, null]);
});

test('each door that is open has its address', () => {
  const doors = doorsOf({
    url: 'http://127.0.0.1:4711',
    gateway: { url: 'http://127.0.0.1:11435', listening: 'network' },
    settings: { tasks: { ...defaultSettings.tasks, listen: 'network', port: 9000 } },
    runner: { url: 'http://127.0.0.1:8090' },
    immich: { urls: ['http://127.0.0.1:3003', 'http://192.168.1.5:3003'] },
  });
  expect(Object.fromEntries(doors.map((door) => [door.name, door.url]))).toEqual({
    'Panel, control API and tasks': 'http://127.0.0.1:4711',
    Metrics: 'http://127.0.0.1:4711/metrics',
    Gateway: 'http://127.0.0.1:11435',
    'Tasks from the network': 'http://THIS-COMPUTER:9000',
    Runner: 'http://127.0.0.1:8090',
    Immich: 'http://127.0.0.1:3003',
  });
  expect(doors.find((door) => door.name === 'Gateway')?.about).toContain('in your network');
});

test('the runner that does not run, and the closed port for tasks, name the setting that opens them', () => {
  const doors = doorsOf({ ...nothing, settings: defaultSettings, runner: { url: '' } });
  expect(doors.filter((door) => door.url === null).map((door) => door.setting)).toEqual([
    null,
    null,
    'gateway.on',
    'tasks.listen',
    'runner.on',
    'immich.on',
  ]);
});

test('the job of Prometheus has the port of this panel', () => {
  expect(prometheusJob('http://127.0.0.1:4711')).toContain('targets: ["127.0.0.1:4711"]');
  expect(prometheusJob(null)).toContain('targets: ["HOST:PORT"]');
});

test('is found by what people look for', () => {
  for (const text of ['grafana', 'prometheus job', 'api', 'metrics', 'address'])
    expect(matchesDoors(text)).toBe(true);
  expect(matchesDoors('wake')).toBe(false);
});

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type MethodName, methodNames, methods } from '../../../shared/contract/methods.ts';
import { allRightsOf, leastRightsOf, type Right, rights } from '../../../shared/rights.ts';

test.each<[Right, Right[]]>([
  ['view', ['view']],
  ['wake', ['wake']],
  ['infer', ['infer']],
  ['tasks', ['tasks']],
  ['control', ['view', 'wake', 'tasks', 'control']],
  ['manage', [...rights]],
])('%s includes %j', (right, all) => {
  expect(rights.filter((one) => allRightsOf([right]).has(one))).toEqual(all);
});

it('the least rights are as much as all of them, and none of them includes another', () => {
  fc.assert(
    fc.property(fc.subarray([...rights]), (granted) => {
      const least = leastRightsOf(granted);
      expect(allRightsOf(least)).toEqual(allRightsOf(granted));
      for (const right of least) {
        expect(allRightsOf(least.filter((other) => other !== right)).has(right)).toBe(false);
      }
    }),
  );
});

describe('each method', () => {
  const needs = (right: Right) => methodNames.filter((name) => methods[name].scope === right);

  it('that changes who may come in or what Pilotlight connects to, or deletes records, needs manage', () => {
    const wanted: MethodName[] = [
      'access.keys',
      'access.addKey',
      'access.rotateKey',
      'access.revokeKey',
      'access.sessions',
      'access.revokeSession',
      'access.revokeOtherSessions',
      'access.network',
      'access.setNetwork',
      'access.pair',
      'agents.pair',
      'agents.update',
      'agents.cancelUpdates',
      'agents.installFiles',
      'agents.installLink',
      'fleet.add',
      'fleet.update',
      'fleet.remove',
      'index.addSource',
      'index.folders',
      'index.estimate',
      'runner.models.add',
      'runner.models.remove',
      'runner.pull',
      'runner.cancelPull',
      'settings.update',
      'settings.import',
      'settings.importEnvironment',
      'models.pull',
      'models.copy',
      'models.cancelPull',
      'models.delete',
      'notifications.try',
      'requests.keepPrompts',
      'requests.prompt',
      'storage.clear',
      'updates.check',
      'updates.download',
      'updates.install',
      'updates.goBack',
      'updates.cancel',
      'updates.dismissNews',
      'remoteIndex.add',
      'remoteIndex.update',
      'remoteIndex.remove',
      'remoteIndex.test',
    ];
    expect(needs('manage').toSorted()).toEqual(wanted.toSorted());
  });

  it('that starts work, or keeps a machine awake, needs no more than that', () => {
    const wanted: MethodName[] = [
      'index.start',
      'index.cancel',
      'index.pause',
      'index.resume',
      'index.useCpu',
      'remoteIndex.start',
      'remoteIndex.cancel',
      'tasks.add',
      'tasks.upload',
      'tasks.list',
      'tasks.get',
      'tasks.cancel',
      'tasks.retry',
      'tasks.useCpu',
      'tasks.queues',
      'tasks.workers',
    ];
    expect(needs('tasks').toSorted()).toEqual(wanted.toSorted());
    expect(needs('wake').toSorted()).toEqual(['power.cancelWake', 'power.keepAwake', 'power.wake']);
  });

  it('that deletes what tasks made, or stops a worker, needs control', () => {
    for (const name of ['tasks.remove', 'tasks.deleteIngested', 'tasks.drain'] as const)
      expect(methods[name].scope).toBe('control');
  });
});

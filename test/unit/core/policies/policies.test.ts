import { expect, it } from 'vitest';
import { createPolicies } from '../../../../electron/core/policies/policies.ts';
import { createRememberingLog } from '../../../fakes/transport.ts';

it('a listener of the policies that throws keeps neither the change nor the word from the others', () => {
  const log = createRememberingLog();
  const saved: string[] = [];
  const policies = createPolicies({
    store: { policies: () => [], putPolicy: (nodeId) => void saved.push(nodeId), removePolicy: () => {} },
    log,
  });
  const heard: string[] = [];
  policies.onChange(() => {
    throw new Error('defect');
  });
  policies.onChange((nodeId) => heard.push(nodeId));
  expect(policies.set('tower', { respectUsers: true }).respectUsers).toBe(true);
  expect(saved).toEqual(['tower']);
  expect(heard).toEqual(['tower']);
  expect(log.lines).toMatchObject([{ level: 'error', message: 'A listener of the policies failed.' }]);
});

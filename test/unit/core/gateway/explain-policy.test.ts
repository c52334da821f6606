import { expect, it } from 'vitest';
import { explainPolicy } from '../../../../electron/core/gateway/explain-policy.ts';
import { noticed } from '../../../../electron/core/gateway/noticed.ts';

const rules = [
  { model: 'gone', credentialId: null, wake: 'cpu-after', cpuAfterMs: 20_000, priority: 'batch' },
] as const;

it('names the policy, and that no machine has its model', () => {
  const explained = explainPolicy({ model: 'gone', credentialId: null }, { rules, models: ['m:latest'] });
  expect(explained).toMatchObject({ wake: 'cpu-after', cpuAfterSeconds: 20, priority: 'batch' });
  expect(explained.reason.code).toBe('WAKE_RULE');
  expect(explained.notes.map(({ code }) => code)).toEqual(['WAKE_RULE_WITHOUT_MODEL']);
  const other = explainPolicy({ model: 'm', credentialId: null }, { rules, models: ['m:latest'] });
  expect(other).toMatchObject({ wake: 'if-needed', notes: [], reason: { code: 'WAKE_RULE_NONE' } });
});

it('records what the gateway noticed with the name of the key, else of the program', () => {
  const names = { key: (id: string) => (id === 'k' ? 'Kitchen' : null), node: () => 'tower' };
  const loop = { kind: 'retry-loop', model: 'm', program: 'curl', credentialId: 'k', requests: 21 } as const;
  expect(noticed(loop, names)).toMatchObject({
    severity: 'warning',
    message: { code: 'GATEWAY_RETRY_LOOP', params: { program: 'Kitchen', model: 'm', requests: 21 } },
  });
  const thrash = {
    kind: 'context-thrash',
    nodeId: 'n',
    model: 'm',
    program: 'llama-index',
    credentialId: 'revoked',
    contextLength: 3900,
    otherContextLength: null,
    reloads: 3,
  } as const;
  expect(noticed(thrash, names)).toMatchObject({
    nodeId: 'n',
    message: {
      code: 'GATEWAY_CONTEXT_THRASH',
      params: { program: 'llama-index', node: 'tower', reloads: 3 },
    },
  });
});

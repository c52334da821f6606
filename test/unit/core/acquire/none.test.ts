import { expect, it } from 'vitest';
import { noneError } from '../../../../electron/core/acquire/none.ts';
import { digest, modelName, nodeView } from '../../../fakes/indexing.ts';

const model = { name: modelName, digest };
const asleep = nodeView({ id: 'tower', state: 'off' });

it.each([
  ['no node', [], model, 'MODEL_NOT_FOUND'],
  ['no node, no model', [], null, 'NO_SERVER'],
  ['a node without the model', [nodeView({ id: 'a', installed: [] })], model, 'MODEL_NOT_FOUND'],
  ['a node without a server', [nodeView({ id: 'a', url: null })], null, 'NO_SERVER'],
  ['a node that sleeps', [asleep], model, 'NODE_ASLEEP'],
  ['a node that serves and was not chosen', [asleep, nodeView({ id: 'nas' })], model, 'SERVER_BUSY'],
] as const)('%s', (_, nodes, wanted, code) => {
  expect(noneError(nodes, wanted).code).toBe(code);
});

it('names the machine', () => {
  expect(noneError([asleep], model)).toMatchObject({
    message: expect.stringContaining('tower'),
    details: { nodeId: 'tower' },
  });
  expect(noneError([asleep, nodeView({ id: 'nas' })], null)).toMatchObject({
    message: expect.stringContaining('nas'),
    details: { nodeId: 'nas' },
  });
});

/** A thousand clients that go away, each of which ends its request at the node. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { answerLines, node, startGateway, startUpstream } from '../../fakes/data-plane.ts';
import { gatewayTable } from '../../fakes/gateway-table.ts';

const CLIENTS = 1000;
const AT_ONCE = 50;

it.each([
  ['in the middle of a stream', true],
  ['before an answer', false],
])(`${CLIENTS} of ${CLIENTS} that go away %s are ended at the node`, async (_, streams) => {
  let arrived = () => {};
  await using server = await startUpstream((_request, response) => {
    if (streams) answerLines(response, { response: 'a', done: false });
    arrived();
  });
  await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
  for (let round = 1; round <= CLIENTS / AT_ONCE; round += 1) {
    const all = new Promise<void>((resolve) => {
      let count = 0;
      arrived = () => {
        count += 1;
        if (count === AT_ONCE) resolve();
      };
    });
    const requests = Array.from({ length: AT_ONCE }, () =>
      gateway.send('/api/generate', { body: { model: 'm', prompt: 'x', stream: streams } }),
    );
    const begun = streams
      ? requests.map(async (request) => {
          const [response] = (await once(request, 'response')) as [IncomingMessage];
          response.on('error', () => {});
          await once(response, 'data');
        })
      : [];
    await Promise.all([all, ...begun]);
    expect(gateway.gateway.inFlight).toBe(AT_ONCE);
    for (const request of requests) request.destroy();
    await server.untilClosed(round * AT_ONCE);
    // The slots are free when the connections are closed at the node.
    while (gateway.gateway.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await gateway.until(() => gateway.finished().length === CLIENTS);
  const outcomes = gateway.finished().map(({ outcome, status }) => `${outcome} ${status}`);
  expect(new Set(outcomes)).toEqual(new Set([`cancelled ${streams ? 200 : null}`]));
});

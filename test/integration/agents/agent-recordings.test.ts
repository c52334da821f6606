/** The present core and agent against what earlier versions said. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createAgentLink } from '../../../electron/adapters/agents/agent-link.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { startTestAgent } from '../../fakes/agent-host.ts';
import { contractShape, converse, recordedToken, recordingFile, startRecorder } from '../../fakes/agent-recording.ts';

const http = createNodeHttp();
afterAll(() => http.close());
const signal = AbortSignal.timeout(50_000);
const config = {
  role: ['relay', 'power', 'telemetry'],
  allowMac: ['02:00:00:00:00:09'],
  broadcast: ['127.255.255.255'],
  restartOllama: true,
};

async function presentAgent() {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-agent-'));
  writeFileSync(join(folder, 'token'), `${recordedToken}\n`, { mode: 0o600 });
  return startTestAgent({ config, folder });
}

describe.runIf(process.env.PILOTLIGHT_RECORD !== undefined)('recorder', () => {
  it('records', async () => {
    await using agent = await presentAgent();
    expect(agent.token).toBe(recordedToken);
    await using recorder = await startRecorder(agent.url);
    const link = createAgentLink({ http, url: recorder.url, token: agent.token });
    const { code } = await agent.openPairing();
    const results = await converse(link, { code, signal });
    const protocol = Number(process.env.PILOTLIGHT_RECORD);
    const recording = { protocol, token: agent.token, exchanges: recorder.exchanges, results, contract: contractShape() };
    writeFileSync(recordingFile(protocol), `${JSON.stringify(recording, null, 2)}\n`);
  });
});

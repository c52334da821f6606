/** Cases 12 to 23: what machines, their tools and their servers print, read as the product reads it. */
import { describe, expect, it } from 'vitest';
import { readWakeArmed } from '../../../electron/adapters/agent-host/wake-armed.ts';
import { parseWindowsGpus } from '../../../electron/adapters/agent-host/windows-gpus.ts';
import { readAmdGpus } from '../../../electron/adapters/hardware/amdgpu.ts';
import { decodeConsole } from '../../../electron/adapters/hardware/console-text.ts';
import { parseNvidiaSmi } from '../../../electron/adapters/hardware/nvidia.ts';
import { createOllamaServer } from '../../../electron/adapters/inference/ollama.ts';
import { normaliseMac, normaliseServerUrl } from '../../../electron/core/fleet/validate.ts';
import type { HttpReply } from '../../../electron/core/ports/network.ts';
import { readShutdownAnswer } from '../../../electron/core/shutdown/shutdown-client.ts';
import { readEnvironment } from '../../../electron/core/transfer/environment.ts';
import { readRelayReply } from '../../../electron/core/wake/relay-client.ts';
import { readMac } from '../../../shared/network/mac.ts';
import { decodeTextFile } from '../../../shared/text-file.ts';
import { noStreams } from '../../fakes/http.ts';
import { caseNames, testCase } from './cases.ts';

const signal = new AbortController().signal;

function serverWith(reply: (path: string) => Partial<HttpReply>) {
  const http = {
    ...noStreams,
    request: async ({ url }: { url: string }): Promise<HttpReply> => ({
      status: 200,
      headers: {},
      text: '',
      ...reply(new URL(url).pathname),
    }),
  };
  return createOllamaServer({ url: 'http://127.0.0.1:11434', http });
}

describe('a case of machines', () => {
  testCase('12', 'names an old server and a locked door', async () => {
    const old = serverWith((path) => {
      if (path === '/api/version') return { text: '{"version":"0.1.36"}' };
      return path === '/api/tags' ? { text: '{"models":[]}' } : { status: 404, text: '404 page not found' };
    });
    await expect(old.loaded(signal)).rejects.toMatchObject({
      code: 'SERVER_TOO_OLD',
      said: { code: 'OLLAMA_TOO_OLD_FOR_PS', params: { version: '0.1.36' } },
    });
    const locked = serverWith(() => ({ status: 401, text: '{"detail":"Not authenticated"}' }));
    await expect(locked.loaded(signal)).rejects.toMatchObject({ code: 'SERVER_LOCKED' });
    const moved = serverWith(() => ({ status: 308, headers: { location: 'https://gpu-box/' } }));
    await expect(moved.loaded(signal)).rejects.toMatchObject({ code: 'SERVER_REDIRECTS' });
  });

  testCase('13', 'cuts the path of an API off the address of its server', ({ lines }) => {
    const urls = lines('urls.txt');
    expect(urls).toHaveLength(5);
    for (const url of urls) expect(normaliseServerUrl(url), url).toBe('http://127.0.0.1:11434');
    expect(normaliseServerUrl('https://h/ollama/v1')).toBe('https://h/ollama');
  });

  testCase('15', 'reads each form of a MAC address', ({ lines }) => {
    const address = 'AA:BB:CC:DD:EE:F0';
    expect(lines('macs.txt').map((line) => normaliseMac(line))).toEqual([
      '08:00:27:01:02:03',
      '1C:11:11:11:11:BC',
      ...[address, address, address],
    ]);
    for (const line of lines('agent.txt')) expect(readMac(line), line).toBe(address);
  });

  testCase('16', 'reads the sensors that a kernel names otherwise', async ({ folder }) => {
    expect(await readAmdGpus(folder)).toMatchObject([{ powerWatts: 33.19 }, { temperatureCelsius: 43 }]);
  });

  testCase('17', 'finds the graphics of a processor, with the memory of its models', async ({ folder }) => {
    const gpus = await readAmdGpus(folder);
    expect(gpus).toMatchObject([
      {
        utilisationPercent: 98,
        temperatureCelsius: 60,
        powerWatts: 80,
        vramTotalBytes: 133_143_986_176,
        vramUsedBytes: 70_000_000_000,
      },
    ]);
  });

  testCase('18', 'counts each card of Windows once', ({ text }) => {
    const listed = parseNvidiaSmi(text('nvidia-smi.csv'));
    expect(listed).toHaveLength(1);
    const counted = parseWindowsGpus(text('line.json'), listed) ?? [];
    // Those that nvidia-smi lists are left out of the counters by their vendor.
    const cards = counted.filter(({ integrated }) => integrated !== true);
    expect(cards).toMatchObject([{ name: 'NVIDIA GeForce RTX 3080', vendor: 'nvidia' }]);
    expect(parseWindowsGpus(text('line-one-amd.json'))).toMatchObject([
      { name: 'AMD Radeon RX 7800 XT', vendor: 'amd' },
    ]);
  });

  testCase('19', 'reads what PowerShell prints in the code page of its console', async ({ bytes }) => {
    const printed = decodeConsole(bytes('stdout.bin'), 850);
    const exec = async () => printed;
    const armed = await readWakeArmed(['Conexión de red'], { exec, platform: 'win32', signal });
    expect([...armed]).toEqual([
      ['Conexión de red', true],
      ['Ethernet', false],
    ]);
  });

  testCase('21', 'reads an environment file in UTF-16', ({ bytes }) => {
    const { variables, problems } = readEnvironment(decodeTextFile(bytes('server.env')) ?? '');
    expect(problems).toEqual([]);
    const values = variables.map(({ value }) => value);
    expect(values).toContain('http://127.0.0.1:11434');
    expect(values.filter((value) => readMac(value) !== null)).toHaveLength(1);
  });

  testCase('23', 'takes null for words that are optional', ({ text }) => {
    expect(readRelayReply({ status: 200, text: text('relay.json') }, 'AA:BB:CC:DD:EE:F0')).toBeNull();
    expect(() => readShutdownAnswer({ status: 200, text: text('shutdown.json') })).not.toThrow();
  });
});

it.skipIf(caseNames === null)('every case has its test', () => {
  const machines = ['12', '13', '15', '16', '17', '18', '19', '21', '23'];
  const files = ['02', '05', '06', '07', '08', '09', '10', '22', '24', '25', '26'];
  expect(caseNames?.map((name) => name.slice(0, 2))).toEqual([...machines, ...files].sort());
});

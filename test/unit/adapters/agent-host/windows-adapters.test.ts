import { describe, expect, it } from 'vitest';
import { openTelemetrySource } from '../../../../electron/adapters/agent-host/telemetry-source.ts';
import { gpusAmong } from '../../../../electron/adapters/agent-host/windows-adapters.ts';
import { parseWindowsGpus } from '../../../../electron/adapters/agent-host/windows-gpus.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createTool } from './tools.ts';

const MIB = 1024 ** 2;
const luid = (number: number) => `luid_0x00000000_0x${number.toString(16).padStart(8, '0')}`;
const memory = (...used: number[]) =>
  used.map((bytes, at) => ({ name: `${luid(at + 1)}_phys_0`, used: bytes }));
const line = (table: Record<string, unknown>) =>
  JSON.stringify({ engines: [], processes: [], runners: [], ...table });

describe('the adapters of Windows', () => {
  it('are one GPU where one card has two copies', () => {
    const gpus = parseWindowsGpus(
      line({ cards: [{ name: 'AMD Radeon RX 6800' }], memory: memory(0, 700 * MIB, 0) }),
    );
    expect(gpus).toMatchObject([{ id: luid(2), vendor: 'amd', name: 'AMD Radeon RX 6800' }]);
  });

  it('count an idle card, and neither a screen over the network nor Windows’s own renderer', () => {
    const cards = [
      { name: 'Microsoft Remote Display Adapter' },
      { name: 'AMD Radeon RX 6800' },
      { name: 'Parsec Virtual Display Adapter' },
    ];
    expect(parseWindowsGpus(line({ cards, memory: memory(0, 0, 0) }))).toMatchObject([
      { name: 'AMD Radeon RX 6800', vramUsedBytes: 0 },
    ]);
  });

  it('are all shown where more of them work than there are cards, or no card has a name', () => {
    const cards = [{ name: 'AMD Radeon RX 6800' }];
    expect(parseWindowsGpus(line({ cards, memory: memory(5, 6, 0) }))).toHaveLength(2);
    expect(parseWindowsGpus(line({ cards: [], memory: memory(5, 0, 0) }))).toHaveLength(3);
  });

  it('get their names and memory from the registry, by number', () => {
    const cards = [{ name: 'AMD Radeon PRO W7900' }, { name: 'AMD Radeon(TM) Graphics' }];
    const adapters = [
      { luid: '3', name: 'AMD Radeon PRO W7900', memory: String(48 * 1024 * MIB) },
      { luid: '1', name: 'AMD Radeon(TM) Graphics', memory: String(512 * MIB) },
      { luid: '2', name: 'Microsoft Basic Render Driver', memory: '0' },
      { luid: '4', name: 'A card of another year', memory: '1' },
    ];
    const gpus = parseWindowsGpus(line({ cards, adapters, memory: memory(9, 0, 0, 0) }));
    expect(gpus).toMatchObject([
      { id: luid(1), name: 'AMD Radeon(TM) Graphics', integrated: true, vramTotalBytes: null },
      { id: luid(3), name: 'AMD Radeon PRO W7900', vendor: 'amd', vramTotalBytes: 48 * 1024 * MIB },
    ]);
    const high = [{ luid: String(2n ** 32n + 7n), name: 'AMD Radeon PRO W7900', memory: null }];
    const named = [{ name: 'luid_0x00000001_0x00000007_phys_0', used: 1 }];
    expect(parseWindowsGpus(line({ cards: cards.slice(0, 1), adapters: high, memory: named }))).toMatchObject(
      [{ name: 'AMD Radeon PRO W7900', vramTotalBytes: null }],
    );
  });

  it.each([
    ['Intel(R) UHD Graphics 770', true],
    ['Intel(R) HD Graphics 4000', true],
    ['Intel(R) Iris(R) Xe Graphics', true],
    ['Intel(R) Arc(TM) Graphics', true],
    ['Intel(R) Graphics', true],
    ['Intel(R) Arc(TM) A770 Graphics', false],
    ['AMD Radeon(TM) Graphics', true],
    ['AMD Radeon 780M Graphics', true],
    ['AMD Radeon(TM) 8060S Graphics', true],
    ['AMD Radeon(TM) Vega 8 Graphics', true],
    ['AMD Radeon RX 7800 XT', false],
    ['AMD Radeon PRO W7900', false],
    ['Radeon RX Vega', false],
    ['NVIDIA GeForce RTX 3080', false],
  ])('%s is integrated: %s', (name, integrated) => {
    const adapters = [{ luid: luid(1), used: 5, active: true }];
    expect(gpusAmong({ adapters, names: [name], known: [], listed: [] })).toMatchObject([
      { name, integrated },
    ]);
  });

  it('beside nvidia-smi show each card once', async () => {
    const counted = line({
      cards: [{ name: 'Intel(R) UHD Graphics 730' }, { name: 'NVIDIA GeForce RTX 3060' }],
      memory: memory(0, 2100 * MIB, 0),
    });
    using counters = createTool(`console.log(${JSON.stringify(counted)}); setInterval(() => {}, 1000);`);
    using smi = createTool(
      `console.log('GPU-1, NVIDIA GeForce RTX 3060, 12288, 2098, 3, 40, 20.5'); setInterval(() => {}, 1000);`,
    );
    const source = openTelemetrySource({
      clock: createFakeClock(),
      exec: async () => '',
      platform: 'win32',
      ollama: 'http://127.0.0.1:1',
      bootId: async () => 'boot',
      nvidiaSmi: smi.path,
      counters: [counters.path],
    });
    try {
      const { gpus } = await source.read(new AbortController().signal);
      expect(gpus.map(({ name }) => name)).toEqual(['NVIDIA GeForce RTX 3060']);
    } finally {
      source.close();
    }
  });
});

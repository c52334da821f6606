import { describe, expect, it } from 'vitest';
import { readWakeArmed } from '../../../../electron/adapters/agent-host/wake-armed.ts';
import { decodeConsole, readOemCodePage } from '../../../../electron/adapters/hardware/console-text.ts';

const bytes = (...list: number[]) => Uint8Array.from(list);

describe('what a Windows program prints', () => {
  it.each([
    [850, bytes(0x4d, 0x81, 0x6c, 0x6c, 0x65, 0x72), 'Müller'],
    [437, bytes(0x63, 0x61, 0x66, 0x82), 'café'],
    [858, bytes(0xd5), '€'],
    [852, bytes(0x9f, 0xa7), 'čž'],
    [866, bytes(0x91, 0xa5, 0xe2, 0xec), 'Сеть'],
    [932, bytes(0x83, 0x43), 'イ'],
    [936, bytes(0xd2, 0xd4, 0xcc, 0xab), '以太'],
    [1252, bytes(0x80, 0xfc), '€ü'],
  ])('is read by code page %i', (page, printed, text) => {
    expect(decodeConsole(printed, page)).toBe(text);
  });

  it('is UTF-8 where it can be, whatever the page', () => {
    const printed = new TextEncoder().encode('Müller и café');
    for (const page of [null, 437, 850, 932]) expect(decodeConsole(printed, page)).toBe('Müller и café');
    expect(decodeConsole(bytes(0x81), null)).toBe('\ufffd');
    expect(decodeConsole(bytes(0x81), 99_999)).toBe('\ufffd');
  });

  it('names the page of the system', () => {
    const printed = '\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\…\\CodePage\r\n    OEMCP    REG_SZ    850\r\n\r\n';
    expect(readOemCodePage(printed)).toBe(850);
    expect(readOemCodePage('ERROR: The system was unable to find the key.')).toBeNull();
  });

  it('is asked for in UTF-8 from PowerShell', async () => {
    const armed = await readWakeArmed(['Conexión de área local'], {
      exec: async (_program, args) => {
        const asked = args.join(' ').includes('[Console]::OutputEncoding');
        const name = asked ? 'Conexión de área local' : 'Conexi\ufffdn de \ufffdrea local';
        return JSON.stringify([{ Name: name, WakeOnMagicPacket: 'Enabled' }]);
      },
      platform: 'win32',
      signal: new AbortController().signal,
    });
    expect(armed.get('Conexión de área local')).toBe(true);
  });
});

/** Whether a magic packet wakes this machine, by interface name; null if the system does not report it. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '../../../shared/json.ts';
import type { Exec } from '../hardware/exec.ts';
import { powershell } from '../hardware/powershell.ts';
import type { HostPlatform } from './types.ts';

const DEADLINE_MS = 5000;

/** `ethtool eth0`: `Wake-on: g` means by magic packet. Without the rights, the line is missing. */
export function parseEthtool(output: string): boolean | null {
  const modes = /^\s*Wake-on:\s*([a-z]+)\s*$/m.exec(output)?.[1];
  return modes === undefined ? null : modes.includes('g');
}

/** `pmset -g`: `womp 1` means wake on magic packet. */
export function parsePmset(output: string): boolean | null {
  const value = /^\s*womp\s+(\d)/m.exec(output)?.[1];
  return value === undefined ? null : value === '1';
}

/** JSON of Get-NetAdapterPowerManagement: one object or a list of them. */
export function parseNetAdapters(output: string): Map<string, boolean | null> {
  const content = parseJson(output);
  const rows = Array.isArray(content) ? content : [content];
  return new Map(
    rows.flatMap((row: { Name?: unknown; WakeOnMagicPacket?: unknown } | null) =>
      typeof row?.Name === 'string' ? [[row.Name, enabled(row.WakeOnMagicPacket)] as const] : [],
    ),
  );
}

/** The enumeration's names or numbers: 0 unsupported, 1 disabled, 2 enabled. */
function enabled(value: unknown): boolean | null {
  if (value === 'Enabled' || value === 2) return true;
  return value === undefined || value === null ? null : false;
}

const WINDOWS_SCRIPT =
  "Get-NetAdapterPowerManagement | Select-Object Name, @{ n = 'WakeOnMagicPacket'; e = { [string]$_.WakeOnMagicPacket } } | ConvertTo-Json -Compress";

export async function readWakeArmed(
  names: readonly string[],
  {
    exec,
    platform,
    signal,
    sysfs = '/sys/class/net',
  }: {
    exec: Exec;
    platform: HostPlatform;
    signal: AbortSignal;
    sysfs?: string;
  },
): Promise<Map<string, boolean | null>> {
  const options = { deadlineMs: DEADLINE_MS, signal };
  if (platform === 'darwin') {
    const armed = await exec('pmset', ['-g'], options).then(parsePmset, () => null);
    return new Map(names.map((name) => [name, armed]));
  }
  if (platform === 'win32') {
    const [program, ...args] = powershell(WINDOWS_SCRIPT);
    return await exec(program, args, options).then(parseNetAdapters, () => new Map());
  }
  const each = names.map(async (name) => {
    const reported = await exec('ethtool', [name], options).then(parseEthtool, () => null);
    return [name, reported ?? (await readSysfs(join(sysfs, name, 'device', 'power', 'wakeup')))] as const;
  });
  return new Map(await Promise.all(each));
}

/** The device's own switch, which drivers set with Wake-on-LAN. */
async function readSysfs(path: string): Promise<boolean | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.trim() === '' ? null : text.trim() === 'enabled';
}

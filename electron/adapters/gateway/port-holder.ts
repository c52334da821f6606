/** Which program listens on a port of this computer, on Linux and for programs of the same user. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { oneLine } from '../../../shared/printable.ts';
import type { PortHolder } from '../../core/gateway/link.ts';

const LISTENING = '0A';
const MAX_NAME = 60;

/** null if it is unknown: another system, or a program of another user. Never rejects. */
export async function holderOf(port: number, proc = '/proc'): Promise<PortHolder | null> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`${proc}/net/${name}`, 'utf8').catch(() => '')),
  );
  const inodes = new Set(tables.flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return null;
  const pids = (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const folder = `${proc}/${pid}/fd`;
    // Those of other users cannot be read.
    const handles = await readdir(folder).catch(() => []);
    const targets = await Promise.all(
      handles.map((handle) => readlink(`${folder}/${handle}`).catch(() => '')),
    );
    const holds = targets.some((target) => inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? ''));
    if (holds) return { pid: Number(pid), name: await nameOf(`${proc}/${pid}`) };
  }
  return null;
}

/** The sockets that listen on the port, by a table of /proc/net. Pure. */
export function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === LISTENING && local.endsWith(`:${wanted}`) && inode !== undefined ? [inode] : [];
  });
}

async function nameOf(folder: string): Promise<string> {
  const name = await readFile(`${folder}/comm`, 'utf8').catch(() => '');
  return oneLine(name.trim()).slice(0, MAX_NAME) || 'a program';
}

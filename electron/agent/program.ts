/** The command line of this agent's program, for messages that tell a person what to type. */
import type { HostPlatform } from '../adapters/agent-host/types.ts';

/** One line for the shell of that system. */
export function commandLine(platform: HostPlatform, parts: readonly string[]): string {
  return parts
    .map((part) => {
      if (/^[\w./:\\=@%+-]+$/.test(part)) return part;
      return platform === 'win32' ? `"${part}"` : `'${part.replaceAll("'", String.raw`'\''`)}'`;
    })
    .join(' ');
}

/** `sudo NODE PROGRAM COMMAND --data FOLDER`: only its own user and administrators can read its token. */
export function installedCommand(
  platform: HostPlatform,
  { node, program, folder }: { node: string | null; program: string; folder: string },
  command: string,
): string {
  const parts = [...(node === null ? [] : [node]), program, command, '--data', folder];
  return commandLine(platform, platform === 'win32' ? parts : ['sudo', ...parts]);
}

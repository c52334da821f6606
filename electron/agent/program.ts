/** The command line of this agent's program, for messages that tell a person what to type. */
import type { HostPlatform } from '../adapters/agent-host/types.ts';

/** One line for the shell of that system. */
export function commandLine(platform: HostPlatform, words: readonly string[]): string {
  return words
    .map((word) => {
      if (/^[\w./:\\=@%+-]+$/.test(word)) return word;
      return platform === 'win32' ? `"${word}"` : `'${word.replaceAll("'", String.raw`'\''`)}'`;
    })
    .join(' ');
}

/** `sudo NODE PROGRAM COMMAND --data FOLDER`: only its own user and administrators can read its token. */
export function installedCommand(
  platform: HostPlatform,
  { node, program, folder }: { node: string; program: string; folder: string },
  command: string,
): string {
  const words = [node, program, command, '--data', folder];
  return commandLine(platform, platform === 'win32' ? words : ['sudo', ...words]);
}

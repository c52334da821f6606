/** The JavaScript runtimes that another program may use. */

/** Those that yt-dlp knows, as it finds them on the path. */
const FOUND_BY_NAME = ['deno', 'node', 'bun', 'quickjs'];

/**
 * As yt-dlp's option `--js-runtimes` takes them: this Node with its path, or names where this program is Electron or the
 * single file, which cannot run a script for others.
 */
export function jsRuntimes(isPlainNode: boolean = isThisPlainNode()): string[] {
  return isPlainNode ? [`node:${process.execPath}`] : FOUND_BY_NAME;
}

function isThisPlainNode(): boolean {
  return process.versions.electron === undefined && process.getBuiltinModule('node:sea')?.isSea() !== true;
}

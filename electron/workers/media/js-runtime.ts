/** The JavaScript runtimes that another program may use. */
import { plainNode } from '../../adapters/processes/plain-node.ts';

/** Those that yt-dlp knows, as it finds them on the path. */
const FOUND_BY_NAME = ['deno', 'node', 'bun', 'quickjs'];

/** As yt-dlp's option `--js-runtimes` takes them: this Node by its path where there is one, else by name. */
export function jsRuntimes(node: string | null = plainNode()): string[] {
  return node === null ? FOUND_BY_NAME : [`node:${node}`];
}

/** A process that outlived the server that started it: `llama-server left behind by Ollama (PID 1842)`. */
export const leftBehindName = (name: string, pid: number): string =>
  `${name} left behind by Ollama (PID ${pid})`;

/** How to end such processes, on their machine. Restarting Ollama does not end them. */
export function endProcesses(pids: readonly number[]): string {
  const windows = pids.map((pid) => `/PID ${pid}`).join(' ');
  return `End ${pids.length === 1 ? 'it' : 'them'} there: \`sudo kill ${pids.join(' ')}\`, or \`taskkill /F ${windows}\` on Windows.`;
}

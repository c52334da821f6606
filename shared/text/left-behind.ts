/** A process that outlived the server that started it: `llama-server left behind by Ollama (PID 1842)`. */
export const leftBehindName = (name: string, pid: number): string =>
  `${name} left behind by Ollama (PID ${pid})`;

/** How to end it, on its machine. */
export const endProcess = (pid: number): string =>
  `End it there: \`sudo kill ${pid}\`, or \`taskkill /F /PID ${pid}\` on Windows.`;

/** Which processes on a GPU belong to an inference server. Pure. */

/** Whether it is a process of the inference server. A `llama-server` outside of Ollama's folder is another program. */
export function isRunnerProcess(name: string): boolean {
  const path = name.trim().toLowerCase();
  // The server itself, in any folder, and the runners that it starts.
  if (/^ollama runner\b/.test(path) || /(^|[\\/])ollama([ _.]|$)[^\\/]*$/.test(path)) return true;
  return /(^|[\\/])<?ollama>?[\\/](.*[\\/])?llama[-_]server(\.exe)?$/.test(path);
}

/** Whether a process that started a runner is a server that still runs. */
export const isServerProcess = (name: string | null): boolean =>
  name !== null && /^ollama/i.test(name.trim());

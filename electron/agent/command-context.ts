/** What a command gets of the world. */
export interface CommandContext {
  /** Behind the command. */
  names: readonly string[];
  flags: Readonly<Record<string, unknown>>;
  environment: Readonly<Record<string, string | undefined>>;
  home: string;
  version: string;
  /** To standard error. */
  say(line: string): void;
  /** To standard output. */
  print(line: string): void;
  /** An absolute path, from where the person stands. */
  resolve(path: string): string;
  /** Resolves when the process is told to end. */
  stopAsked(): Promise<void>;
}

/** What a command may use of its surroundings. */
export interface CommandContext {
  /** The arguments after the command. */
  names: readonly string[];
  /** The command line as it was typed, after the program. */
  args: readonly string[];
  flags: Readonly<Record<string, unknown>>;
  environment: Readonly<Record<string, string | undefined>>;
  home: string;
  version: string;
  /** Of those who sign releases. */
  updateKeys: readonly string[];
  /** To standard error. */
  log(line: string): void;
  /** To standard output. */
  print(line: string): void;
  /** An absolute path, relative to the person's working directory. */
  resolve(path: string): string;
  /** Resolves when the process is asked to stop. */
  stopAsked(): Promise<void>;
}

/** Programs. */

export interface Exec {
  /**
   * Runs a program without a shell, its output cut at 64 KiB. Resolves with how it ended; rejects with
   * COMMAND_FAILED when it cannot be started or is not done by the deadline, or with the signal's reason.
   */
  run(
    command: readonly string[],
    options: { deadlineMs: number; signal: AbortSignal },
  ): Promise<{ code: number; output: string }>;
}

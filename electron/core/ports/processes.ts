/** External programs. */

export interface Exec {
  /**
   * Runs a program without a shell, with its output truncated at 64 KiB. Resolves with its exit code; rejects with
   * COMMAND_FAILED if it cannot be started or exceeds the deadline, or with the signal's reason.
   */
  run(
    command: readonly string[],
    options: { deadlineMs: number; signal: AbortSignal },
  ): Promise<{ code: number; output: string }>;
}

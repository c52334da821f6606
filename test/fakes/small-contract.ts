/** What small-worker.ts understands. */
export interface SmallContract {
  config: { greeting: string };
  calls: {
    greet: { params: string; result: string };
    /** Reports "begun" and never ends by itself. */
    forever: { params: null; result: null };
    crash: { params: null; result: null };
    kill: { params: null; result: null };
  };
  progress: string;
  /** The process id at the start; "aborted" when `forever` was cancelled. */
  event: number | string;
}

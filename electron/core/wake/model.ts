import type { NodeView } from '../../../shared/models/fleet.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import type { WakeRequester } from '../policies/policy.ts';

export type WokenListener = (nodeId: string, woken: { wasSilent: boolean }) => void;

export interface WakeService {
  /**
   * Wakes a node for a person, or joins the wake under way; resolves once a wake method has worked. Rejects with
   * NOT_FOUND, ALREADY_AWAKE, CANNOT_WAKE, WAKE_NOT_ALLOWED, and if no method works with WAKE_FAILED, RELAY_FAILED or
   * COMMAND_FAILED.
   */
  wake(nodeId: string): Promise<NodeView>;
  /** Ends the wake under way; the machine may still come up. */
  cancelWake(nodeId: string): NodeView;
  /**
   * Resolves when the node serves, waking it if it is asleep and its policy allows that. Callers share one wake, which
   * ends when the last of them aborts. Rejects as `wake` does, with WAKE_TIMEOUT, with the code of the node's trouble if
   * it answers wrongly and cannot be woken, or with the signal's reason.
   */
  ensureAwake(nodeId: string, options: { signal: AbortSignal; by: WakeRequester }): Promise<NodeView>;
  /** The progress of the node's wake, until shortly after it succeeds; null without one. */
  progress(nodeId: string): WakeProgress | null;
  wakes(): WakeProgress[];
  /** Called when a wake succeeds; `wasSilent` is false if the machine was on all along. */
  onWoken(listener: WokenListener): () => void;
  /** This computer is going to sleep: wakes and their deadlines are suspended. */
  pause(): void;
  /** Wakes continue, with enough time to notice machines that came up meanwhile. */
  resume(): void;
  stop(): Promise<void>;
}

import type { NodeView } from '../../../shared/models/fleet.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import type { WakeAsker } from '../policies/policy.ts';

export type WokenListener = (nodeId: string, woken: { wasSilent: boolean }) => void;

export interface WakeService {
  /**
   * A person wakes a node, or joins the wake under way; resolves once the first way that works has begun. Rejects
   * with NOT_FOUND, ALREADY_AWAKE, CANNOT_WAKE, WAKE_NOT_ALLOWED, and when no way works with WAKE_FAILED,
   * RELAY_FAILED or COMMAND_FAILED.
   */
  wake(nodeId: string): Promise<NodeView>;
  /** Stops waiting; the machine may still come up. */
  cancelWake(nodeId: string): NodeView;
  /**
   * Resolves when the node serves, waking it if it sleeps and its policy lets it be woken for this; many callers
   * share one wake, and it is given up when the last of them has gone. Rejects as `wake` does, with WAKE_TIMEOUT,
   * with the trouble's own code when it answers wrongly and cannot be woken, or with the signal's reason.
   */
  ensureAwake(nodeId: string, options: { signal: AbortSignal; by: WakeAsker }): Promise<NodeView>;
  /** How far the wake of a node has come, also for a moment after it ended well; null without one. */
  progress(nodeId: string): WakeProgress | null;
  wakes(): WakeProgress[];
  /** Called when a wake ended well; `wasSilent` false says that the machine was on all along. */
  onWoken(listener: WokenListener): () => void;
  /** This computer goes to sleep: wakes under way wait, and their time does not count. */
  pause(): void;
  /** Wakes under way go on, with time enough to see whether the machine came up meanwhile. */
  resume(): void;
  stop(): Promise<void>;
}

/** What a task has to report at the next beat: its newest progress, and what it printed since the last one. Pure. */
import type { TaskReport } from '../../core/ports/task-queue.ts';
import type { HandlerProgress } from './processes/protocol.ts';

export type Unreported = Omit<TaskReport, 'id' | 'token'>;

export interface ReportBook {
  add(progress: HandlerProgress): void;
  /** Takes what there is to report. */
  take(): Unreported;
  /** Gives back what could not be delivered; what came later counts. */
  putBack(report: Unreported): void;
  /** Whether anything is waiting to be reported. */
  hasNews(): boolean;
}

/** The queue keeps no more of a log. */
const MOST_LOG = 65_536;
const MOST_TEXT = 500;

export function createReportBook(): ReportBook {
  const empty: Unreported = { progress: null, progressText: null, log: '' };
  let now = empty;
  return {
    add({ share, text, log }) {
      now = {
        progress: share ?? now.progress,
        progressText: text?.slice(0, MOST_TEXT) ?? now.progressText,
        log: endOf(now.log + log),
      };
    },
    take() {
      const report = now;
      now = empty;
      return report;
    },
    putBack(report) {
      now = {
        progress: now.progress ?? report.progress,
        progressText: now.progressText ?? report.progressText,
        log: endOf(report.log + now.log),
      };
    },
    hasNews: () => now !== empty,
  };
}

/** Without half a character at its beginning. */
function endOf(log: string): string {
  return log.length <= MOST_LOG ? log : log.slice(-MOST_LOG).replace(/^[\uDC00-\uDFFF]/, '');
}

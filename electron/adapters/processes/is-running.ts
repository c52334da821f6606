/** Whether a process is there, judged by its id alone. Without schemas, because the agent bundles it. */
import { systemCode } from '../system-code.ts';

/** The largest process id of any system that this runs on. */
export const MAX_PID = 0x7fff_ffff;

/** Whether there is a process with this id, of whichever program. One that may not be signalled runs too. */
export function isRunning(pid: number): boolean {
  // 0 and below name groups of processes.
  if (!Number.isInteger(pid) || pid < 1 || pid > MAX_PID) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

/** The same, but this process itself doesn't count: what carries its id was left by an earlier one. */
export const runsElsewhere = (pid: number): boolean => pid !== process.pid && isRunning(pid);

import { client } from '../../client/index.ts';
import { useConnection } from '../../stores/connection.ts';

/** How long the core keeps probing frequently after a notification. */
const everyMs = 120_000;

/**
 * Reports to the core that the panel is visible, so that it probes machines that are off more often: when the page
 * becomes visible, and every two minutes while it is. Returns a function that stops it.
 */
export function reportWhileVisible(): () => void {
  const report = () => {
    if (document.hidden || useConnection.getState().state !== 'live') return;
    // Best effort: machines are probed in any case.
    client.call('fleet.attend', {}).catch(() => {});
  };
  const timer = setInterval(report, everyMs);
  let wasLive = false;
  const onState = ({ state }: { state: string }) => {
    if (state === 'live' && !wasLive) report();
    wasLive = state === 'live';
  };
  onState(useConnection.getState());
  const stop = useConnection.subscribe(onState);
  document.addEventListener('visibilitychange', report);
  return () => {
    clearInterval(timer);
    stop();
    document.removeEventListener('visibilitychange', report);
  };
}

import { client } from '../../client/index.ts';
import { useConnection } from '../../stores/connection.ts';

/** As long as the core looks quickly after it was told that somebody is there. */
const everyMs = 120_000;

/**
 * Tells the core that somebody looks at the panel, so that it looks oftener at machines that are off: when the page
 * comes to sight, and every two minutes of that. Returns how to stop.
 */
export function attendWhileSeen(): () => void {
  const attend = () => {
    if (document.hidden || useConnection.getState().state !== 'live') return;
    // Nobody waits for it: machines are looked at in any case.
    client.call('fleet.attend', {}).catch(() => {});
  };
  const timer = setInterval(attend, everyMs);
  let wasLive = false;
  const onState = ({ state }: { state: string }) => {
    if (state === 'live' && !wasLive) attend();
    wasLive = state === 'live';
  };
  onState(useConnection.getState());
  const stop = useConnection.subscribe(onState);
  document.addEventListener('visibilitychange', attend);
  return () => {
    clearInterval(timer);
    stop();
    document.removeEventListener('visibilitychange', attend);
  };
}

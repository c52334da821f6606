import { Address } from '../../components/address.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { gatewayStore, useGateway } from '../../stores/gateway.ts';
import { GatewayProblem, reachText } from './problem.tsx';

/** The state of the gateway above its settings. Its space is kept while it is not known. */
export function GatewayState() {
  useKeep(gatewayStore);
  const gateway = useGateway();
  return (
    <div className="mb-1 flex min-h-12 flex-wrap items-center gap-x-4 gap-y-2 rounded-lg bg-sunken px-3 py-2">
      {gateway?.url && (
        <>
          <p className="min-w-0 flex-1 basis-40 text-[0.8125rem] text-soft">{reachText(gateway)}</p>
          <Address url={gateway.url} />
        </>
      )}
      {gateway?.problem ? (
        <GatewayProblem problem={gateway.problem} />
      ) : (
        gateway?.url === null && <p className="text-[0.8125rem] text-soft">{stateTexts[gateway.state]}</p>
      )}
    </div>
  );
}

const stateTexts = {
  off: 'Off. Turn it on to give your programs one address.',
  starting: 'Starting…',
  running: 'Starting…',
  failed: 'Not running. It is tried again by itself.',
};

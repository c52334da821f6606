import { Plug } from 'lucide-react';
import type { GatewayView } from '../../../shared/models/gateway.ts';
import { Address } from '../../components/address.tsx';
import { Button } from '../../components/button.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { gatewayStore, useGateway } from '../../stores/gateway.ts';
import { settingHref } from '../shell/route.ts';
import { GatewayProblem, reachText } from './problem.tsx';

/** Names the address for other programs; or why there is none. Nothing while the gateway is off. */
export function GatewayStrip({ className = '' }: { className?: string }) {
  useKeep(gatewayStore);
  const gateway = useGateway();
  if (gateway === null || gateway.state === 'off') return null;
  return (
    <section
      aria-label="Gateway"
      className={`flex min-h-14 flex-wrap items-center gap-x-4 gap-y-2 rounded-xl border border-line bg-surface px-4 py-2.5 text-left ${className}`}
    >
      <Content gateway={gateway} />
    </section>
  );
}

function Content({ gateway }: { gateway: GatewayView }) {
  const { state, url, problem } = gateway;
  if (url !== null) {
    return (
      <>
        <Plug size={16} aria-hidden="true" className="shrink-0 text-flame" />
        <p className="min-w-0 flex-1 basis-56">
          <span className="font-medium">Point your programs here</span>
          <span className="block text-xs text-soft">{reachText(gateway)}</span>
        </p>
        <Address url={url} />
        {problem && <GatewayProblem problem={problem} />}
      </>
    );
  }
  return (
    <>
      {problem ? (
        <GatewayProblem problem={problem} />
      ) : (
        <p className="min-w-0 flex-1 text-soft">
          {state === 'failed' ? 'The gateway is not running.' : 'The gateway is starting…'}
        </p>
      )}
      {state === 'failed' && (
        <Button
          size="small"
          onClick={() => {
            location.hash = settingHref('gateway.port');
          }}
        >
          Gateway settings
        </Button>
      )}
    </>
  );
}

import qrcode from 'qrcode-generator';
import { useEffect, useMemo, useRef, useState } from 'react';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { useNow } from '../../components/now.ts';
import { useAction } from '../../components/use-action.ts';

/** A code that signs one device in, once, for a short time. It is made when it is asked for. */
export function PairCode({ address, url }: { address: string; url: string }) {
  const [code, setCode] = useState<{ url: string; expiresAt: number } | null>(null);
  const { busy, run } = useAction();
  const linkText = useRef<HTMLSpanElement>(null);
  const now = useNow(1);
  const left = code === null ? 0 : Math.ceil((code.expiresAt - now) / 1000);
  useEffect(() => {
    // What nobody can use any more is not shown.
    if (code !== null && left <= 0) setCode(null);
  }, [code, left]);
  return (
    <section aria-label={`Open on a phone: ${url}`} className="rounded-lg border border-line p-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <span className="min-w-0 flex-1 font-mono text-[0.8125rem] break-all">{url}</span>
        <Button
          size="small"
          busy={busy}
          onClick={() => run(async () => setCode(await client.call('access.pair', { address })))}
        >
          {code === null ? 'Show a code for a phone' : 'New code'}
        </Button>
      </div>
      {code !== null && left > 0 && (
        <div className="mt-3 grid justify-items-start gap-2 sm:grid-cols-[auto_minmax(0,1fr)] sm:gap-4">
          <QrCode text={code.url} />
          <div className="grid content-start gap-2 text-[0.8125rem] text-soft">
            <p>
              Scan it with the phone&apos;s camera. It signs in one device, once, and stays listed under
              Browsers until you sign it out.
            </p>
            <p role="timer">
              Valid for {Math.floor(left / 60)}:{String(left % 60).padStart(2, '0')}
            </p>
            <p className="flex items-center gap-2">
              Or copy the address{' '}
              <span ref={linkText} className="sr-only">
                {code.url}
              </span>
              <CopyButton from={linkText} what="Address" label="Copy the address that signs a device in" />
            </p>
          </div>
        </div>
      )}
    </section>
  );
}

/** Dark on light in both themes: not every camera reads it the other way round. */
function QrCode({ text }: { text: string }) {
  const { path, size } = useMemo(() => {
    const code = qrcode(0, 'M');
    code.addData(text);
    code.make();
    const count = code.getModuleCount();
    let drawn = '';
    for (let row = 0; row < count; row += 1)
      for (let column = 0; column < count; column += 1)
        if (code.isDark(row, column)) drawn += `M${column + 4} ${row + 4}h1v1h-1z`;
    return { path: drawn, size: count + 8 };
  }, [text]);
  return (
    <svg
      viewBox={`0 0 ${size} ${size}`}
      width="208"
      height="208"
      role="img"
      aria-label="QR code with the address that signs a device in"
      shapeRendering="crispEdges"
      className="rounded-lg"
    >
      <path d={`M0 0h${size}v${size}H0z`} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

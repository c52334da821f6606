import { useCallback, useEffect, useMemo } from 'react';
import { useAddress } from '../components/use-address.ts';
import { type ChartTime, pointAt, zoomMark } from './chart-time.tsx';
import { type Axis, zoomed } from './period.ts';
import { leastSpanMs, readZoom, zoomHash, zoomWithin } from './span.ts';
import { formatMoment, formatTick } from './time-axis.ts';

/**
 * The axis of the charts of one run. A shorter time in it is in the address, as the period of a page is.
 * @param label how a sentence calls all of it, such as `this run`
 */
export function useSpanTime({ first, last }: Axis, label: string): ChartTime {
  const { address, change, push } = useAddress(readZoom, zoomHash);
  const { zoom: asked } = address;
  useEffect(() => () => pointAt(null), []);
  const zoom = useCallback(
    (from: number, to: number) => {
      const part = zoomWithin({ first: Math.min(from, to), last: Math.max(from, to) }, { first, last });
      if (part === null) change({ zoom: null });
      else push({ zoom: part }, zoomMark);
    },
    [change, push, first, last],
  );
  const back = useCallback(() => {
    if (history.state === zoomMark) history.back();
    else change({ zoom: null });
  }, [change]);
  return useMemo(() => {
    const whole = { first, last };
    const part = asked === null ? null : zoomWithin(asked, whole);
    const axis = part ?? whole;
    const format = formatMoment(axis);
    return {
      ...axis,
      period: { from: axis.first, to: axis.last },
      label: part === null ? label : `${format(axis.first)} to ${format(axis.last)}`,
      formatAt: format,
      formatTick: formatTick(axis),
      isZoomed: part !== null,
      mayZoom: { in: axis.last - axis.first > 2 * leastSpanMs, out: part !== null },
      zoom,
      zoomBy(factor, around) {
        const next = zoomed(axis, factor, around, Number.POSITIVE_INFINITY, leastSpanMs);
        zoom(next.from, next.to);
      },
      back,
      change: () => change({ zoom: null }),
    };
  }, [asked, first, last, label, zoom, back, change]);
}

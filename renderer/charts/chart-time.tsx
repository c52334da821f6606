/** The one time axis of a page, and the crosshair that its charts share. */
import { createContext, useCallback, useContext, useEffect, useMemo } from 'react';
import { create } from 'zustand';
import type { HistorySpan } from '../../shared/models/telemetry.ts';
import { useNow } from '../components/now.ts';
import { useAddress } from '../components/use-address.ts';
import {
  type Axis,
  axisOf,
  mostMs,
  periodHash,
  periodLabel,
  periodMs,
  readPeriodField,
  usualPeriod,
  windowOf,
  zoomed,
} from './period.ts';
import { formatMoment, formatTick } from './time-axis.ts';

/** The moment that is pointed at on any chart of the page; null for none. */
export const useCrosshair = create<{ at: number | null }>()(() => ({ at: null }));
export const pointAt = (at: number | null): void => useCrosshair.setState({ at });

export interface ChartTime extends Axis {
  period: HistorySpan;
  /** `the last hour` */
  label: string;
  formatAt(at: number): string;
  formatTick(at: number): string;
  /** A shorter time was chosen on a chart. */
  isZoomed: boolean;
  mayZoom: { in: boolean; out: boolean };
  /** Half as long around a moment, or twice as long. */
  zoomBy(factor: 0.5 | 2, around: number | null): void;
  /** Adds to the history of the browser, so that Back undoes it. */
  zoom(from: number, to: number): void;
  /** To the period before the zoom. */
  back(): void;
  change(period: HistorySpan): void;
}

/** The state of a history entry that a zoom made. */
export const zoomMark = 'pilotlight-zoom';

/** How often the axis moves on: a live bucket is 30 seconds long. */
const stepSeconds = 30;

/** The period in the address of this page. */
export function useChartTime(): ChartTime {
  const { address, change: replace, push } = useAddress(readPeriodField, periodHash);
  const { period } = address;
  useEffect(() => () => pointAt(null), []);
  const now = useNow(stepSeconds);
  const change = useCallback(
    (next: HistorySpan) => {
      // An entry whose zoom was replaced is no zoom to go back from.
      history.replaceState(null, '', location.href);
      replace({ period: next });
    },
    [replace],
  );
  const zoom = useCallback(
    (from: number, to: number) => push({ period: windowOf(from, to, Date.now()) }, zoomMark),
    [push],
  );
  const back = useCallback(() => {
    if (history.state === zoomMark) history.back();
    else change(usualPeriod);
  }, [change]);
  // The axis of a window doesn't move with the clock.
  const end = typeof period === 'string' ? now : 0;
  return useMemo(() => {
    const axis = axisOf(period, end);
    return {
      ...axis,
      period,
      label: periodLabel(period),
      formatAt: formatMoment(axis),
      formatTick: formatTick(axis),
      isZoomed: typeof period !== 'string',
      mayZoom: { in: axis.last - axis.first > 240_000, out: periodMs(period) < mostMs },
      zoomBy(factor, around) {
        const next = zoomed(axis, factor, around, Date.now());
        zoom(next.from, next.to);
      },
      zoom,
      back,
      change,
    };
  }, [period, end, zoom, back, change]);
}

const Context = createContext<ChartTime | null>(null);
export const ChartTimeProvider = Context.Provider;

export function useTime(): ChartTime {
  const time = useContext(Context);
  if (time === null) throw new Error('A chart over time needs a ChartTimeProvider.');
  return time;
}

/** The metrics of the gateway. */
import { Counter, Gauge, type Metric, type Registry } from 'prom-client';
import { type GatewayStats, gatewayOutcomes } from '../../../shared/models/gateway.ts';
import type { FirstBytes } from '../../core/gateway/statistics.ts';

export interface GatewayMetrics {
  set(now: GatewayNow): void;
}

export interface GatewayNow {
  stats: GatewayStats;
  isRunning: boolean;
  /** How many requests wait by model, the most first. */
  waiting: readonly (readonly [model: string, count: number])[];
  /** How long answers took to their first byte, by node. */
  firstBytes: readonly FirstBytes[];
}

const breakerStates = ['closed', 'half-open', 'open'] as const;
/** The node of requests that were refused before any was asked. */
const NO_NODE = '';
/** Names of models come from clients, so their number is limited. */
const MOST_MODELS = 20;
const OTHER_MODELS = '(others)';

export function createGatewayMetrics(registry: Registry): GatewayMetrics {
  const registers = [registry];
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const counter = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name, help, labelNames, registers });

  const node = ['node', 'name'];
  const up = gauge('pilotlight_gateway_up', 'Whether the gateway listens (1) or not (0).');
  const requests = counter(
    'pilotlight_gateway_requests_total',
    'Finished requests through the gateway, by node, dialect and how they ended; without a node if none was asked.',
    ['node', 'dialect', 'outcome'],
  );
  const retries = counter('pilotlight_gateway_retries_total', 'Tries on another node after a failure.');
  const fallbacks = counter(
    'pilotlight_gateway_fallbacks_total',
    'Requests that another model answered, because the wanted one had no node.',
  );
  const tokens = counter(
    'pilotlight_gateway_tokens_total',
    'Tokens that the servers reported, by node and direction.',
    ['node', 'direction'],
  );
  const dropped = counter(
    'pilotlight_gateway_unreported_requests_total',
    'Finished requests that were not counted, because no core was running.',
  );
  const inFlight = gauge('pilotlight_gateway_in_flight_requests', 'Requests in flight, by node.', node);
  const breaker = gauge(
    'pilotlight_gateway_breaker_state',
    'State of the breaker of a node: 1 for the present one. An open one gets no requests.',
    [...node, 'state'],
  );
  const firstByte = gauge(
    'pilotlight_gateway_first_byte_seconds',
    'Time until the first byte of an answer since the start, by node: the median (0.5) and the 99th percentile.',
    [...node, 'share'],
  );

  const refusals = counter(
    'pilotlight_gateway_refusals_total',
    'Refused requests by the code of the error, with those that were turned away at the door.',
    ['code'],
  );
  const waitingNow = gauge(
    'pilotlight_gateway_waiting_requests',
    `Requests that wait for a machine or for their turn, by model; of more than ${MOST_MODELS} models the rest together.`,
    ['model'],
  );
  const firstByteTimes = histogramOf(registry, {
    name: 'pilotlight_gateway_time_to_first_byte_seconds',
    help: 'Time until the first byte of an answer since the start, by node.',
  });

  return {
    set({ stats, isRunning, waiting, firstBytes }) {
      firstByteTimes.set(
        firstBytes,
        (nodeId) => stats.nodes.find((one) => one.nodeId === nodeId)?.name ?? nodeId,
      );
      for (const { code, count } of stats.refusals) refusals.inc({ code }, count);
      for (const [model, count] of waiting.slice(0, MOST_MODELS)) waitingNow.set({ model }, count);
      const others = waiting.slice(MOST_MODELS).reduce((sum, [, count]) => sum + count, 0);
      if (others > 0) waitingNow.set({ model: OTHER_MODELS }, others);
      up.set(isRunning ? 1 : 0);
      for (const series of stats.series) {
        const labels = { node: series.nodeId ?? NO_NODE, dialect: series.dialect };
        for (const outcome of gatewayOutcomes) requests.inc({ ...labels, outcome }, series[outcome]);
      }
      retries.inc(stats.total.retried);
      fallbacks.inc(stats.total.fallbacks);
      dropped.inc(stats.dropped);
      for (const one of stats.nodes) {
        const labels = { node: one.nodeId, name: one.name };
        tokens.inc({ node: one.nodeId, direction: 'in' }, one.inputTokens);
        tokens.inc({ node: one.nodeId, direction: 'out' }, one.outputTokens);
        inFlight.set(labels, one.inFlight);
        for (const state of breakerStates) breaker.set({ ...labels, state }, state === one.breaker ? 1 : 0);
        if (one.firstByteMs === null) continue;
        firstByte.set({ ...labels, share: '0.5' }, one.firstByteMs.p50 / 1000);
        firstByte.set({ ...labels, share: '0.99' }, one.firstByteMs.p99 / 1000);
      }
    },
  };
}

/** A histogram that was counted elsewhere: the library's own can only be filled one duration at a time. */
function histogramOf(registry: Registry, { name, help }: { name: string; help: string }) {
  let values: { value: number; labels: Record<string, string | number>; metricName: string }[] = [];
  const metric = {
    name,
    help,
    get: async () => ({ name, help, type: 'histogram', aggregator: 'sum', values }),
    reset() {
      values = [];
    },
  };
  registry.registerMetric(metric as unknown as Metric);
  return {
    set(nodes: readonly FirstBytes[], nameOf: (nodeId: string) => string): void {
      values = nodes.flatMap(({ nodeId, count, sumMs, upTo }) => {
        const labels = { node: nodeId, name: nameOf(nodeId) };
        const bucket = (le: number | string, value: number) => ({
          labels: { le, ...labels },
          value,
          metricName: `${name}_bucket`,
        });
        return [
          ...upTo.map(([ms, some]) => bucket(ms / 1000, some)),
          bucket('+Inf', count),
          { labels, value: sumMs / 1000, metricName: `${name}_sum` },
          { labels, value: count, metricName: `${name}_count` },
        ];
      });
    },
  };
}

/**
 * What the proxy says of itself, on kube-proxy's ports: to load balancers whether the node takes traffic (10256), and on the
 * loopback its mode and its metrics (10249). A machine has one of each: where they are taken, it goes without.
 */
import type { RequestListener } from 'node:http'
import { Gauge, Histogram, Registry } from 'prom-client'
import type { Node } from '../api/core/v1/node.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { openPort } from './open-port.ts'

export interface ProxyStatus {
  readonly isHealthy: boolean
  /** When the rules last became as they should be. */
  readonly lastUpdatedMs: number
}

export interface StatusServerOptions {
  readonly clock: Clock
  readonly log: Logger
  status(): ProxyStatus
  /** Of the node; undefined while it is not known. */
  node(): Node | undefined
  readonly healthPort?: number
  readonly metricsPort?: number
}

const defaultHealthPort = 10_256
const defaultMetricsPort = 10_249
const retryMs = 60_000
/** Set by the cluster autoscaler on a node that goes. */
const goingTaint = 'ToBeDeletedByClusterAutoscaler'

const isEligible = (node: Node | undefined): boolean =>
  node?.metadata.deletionTimestamp === undefined && !node?.spec.taints?.some(({ key }) => key === goingTaint)

export class ProxyMetrics {
  readonly registry = new Registry()
  readonly #duration = new Histogram({
    name: 'kubeproxy_sync_proxy_rules_duration_seconds',
    help: 'How long it took to bring the rules up to date, in seconds.',
    buckets: [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384],
    registers: [this.registry],
  })
  readonly #last = new Gauge({
    name: 'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
    help: 'When the rules were last brought up to date.',
    registers: [this.registry],
  })

  synced(seconds: number, nowMs: number): void {
    this.#duration.observe(seconds)
    this.#last.set(nowMs / 1000)
  }
}

export function startStatusServers(options: StatusServerOptions, metrics: ProxyMetrics): { stop(): void } {
  const { clock, log, healthPort = defaultHealthPort, metricsPort = defaultMetricsPort } = options
  const open = (port: number, host: string, answer: RequestListener) =>
    openPort({
      port,
      host,
      answer,
      clock,
      retryMs,
      onFailure(error, tries) {
        if (tries === 1) log.info({ port, error: error.message }, 'the proxy does without this port')
      },
    })
  const opened = [
    open(healthPort, '0.0.0.0', healthAnswer(options)),
    open(metricsPort, '127.0.0.1', metricsAnswer(metrics)),
  ]
  return {
    stop() {
      for (const port of opened) port.close()
    },
  }
}

const healthAnswer =
  ({ clock, status, node }: StatusServerOptions): RequestListener =>
  ({ url }, response) => {
    const { isHealthy, lastUpdatedMs } = status()
    const path = url?.split('?')[0]
    if (path !== '/healthz' && path !== '/livez') {
      response.writeHead(404).end('404 page not found\n')
      return
    }
    const nodeEligible = isEligible(node())
    const isWell = isHealthy && (path === '/livez' || nodeEligible)
    const currentTime = new Date(clock.now()).toISOString()
    const lastUpdated = isWell ? currentTime : new Date(lastUpdatedMs).toISOString()
    response
      .writeHead(isWell ? 200 : 503, { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' })
      .end(
        JSON.stringify({
          lastUpdated,
          currentTime,
          healthy: isHealthy,
          ...(path === '/healthz' ? { nodeEligible } : {}),
        }),
      )
  }

const metricsAnswer =
  ({ registry }: ProxyMetrics): RequestListener =>
  async ({ url }, response) => {
    switch (url?.split('?')[0]) {
      case '/metrics':
        response.writeHead(200, { 'Content-Type': registry.contentType }).end(await registry.metrics())
        return
      case '/proxyMode':
        response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end('nftables')
        return
      case '/healthz':
        response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end('ok')
        return
    }
    response.writeHead(404).end('404 page not found\n')
  }

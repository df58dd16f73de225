/** Reads the metrics APIs: metrics.k8s.io, custom.metrics.k8s.io and external.metrics.k8s.io. All values are in thousandths. */
import type { CrossVersionObjectReference } from '../../api/autoscaling/v2/metric-target.ts'
import type { Client } from '../../client/client.ts'
import { epochMsOf } from '../../client/timestamps.ts'
import { milliValue } from '../../machinery/quantity.ts'
import { kindByName } from '../../machinery/scheme.ts'

export interface PodValue {
  readonly value: number
  readonly atMs: number
  readonly windowMs: number
}
/** By the name of the pod. */
export type PodValues = ReadonlyMap<string, PodValue>

interface PodMetricsList {
  readonly items?: readonly {
    readonly metadata: { readonly name: string }
    readonly timestamp?: string
    readonly window?: string
    readonly containers?: readonly { readonly name: string; readonly usage?: Readonly<Record<string, string>> }[]
  }[]
}

interface MetricValueList {
  readonly items?: readonly {
    readonly describedObject?: { readonly name?: string }
    readonly timestamp?: string
    readonly windowSeconds?: number
    readonly value: string
  }[]
}

const defaultWindowMs = 60_000

/** A metav1.Duration, as `1m30s`. */
function durationMs(text: string | undefined): number {
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
  let total = 0
  for (const [, count = '0', unit = 's'] of (text ?? '').matchAll(/([\d.]+)(ms|h|m|s)/g)) {
    total += Number(count) * (units[unit] ?? 0)
  }
  return total === 0 ? defaultWindowMs : total
}

export class MetricsSource {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  /** The use of a resource by each pod, or by one container of it. */
  async resource(namespace: string, selector: string, resource: string, container?: string): Promise<PodValues> {
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`
    const { items = [] } = await this.#get<PodMetricsList>('resource', path, { labelSelector: selector })
    if (items.length === 0) throw new Error('no metrics returned from resource metrics API')
    const values = new Map<string, PodValue>()
    for (const { metadata, timestamp, window, containers = [] } of items) {
      const counted = container === undefined ? containers : containers.filter(({ name }) => name === container)
      if (container !== undefined && counted.length === 0) {
        const pod = `${namespace}/${metadata.name}`
        throw new Error(`container ${container} not present in metrics for pod ${pod}`)
      }
      const amounts = counted.map(({ usage }) => usage?.[resource])
      if (amounts.length === 0 || amounts.includes(undefined)) continue
      const value = amounts.reduce((sum, amount) => sum + milliValue(amount!), 0)
      values.set(metadata.name, { value, atMs: epochMsOf(timestamp), windowMs: durationMs(window) })
    }
    return values
  }

  /** A metric of each pod. */
  async pods(namespace: string, selector: string, metric: string, metricSelector: string): Promise<PodValues> {
    const { items = [] } = await this.#custom(namespace, 'pods/*', metric, {
      labelSelector: selector,
      metricLabelSelector: metricSelector,
    })
    if (items.length === 0) throw new Error('no metrics returned from custom metrics API')
    return new Map(
      items.map(item => {
        const windowMs = item.windowSeconds === undefined ? defaultWindowMs : item.windowSeconds * 1000
        const value = { value: milliValue(item.value), atMs: epochMsOf(item.timestamp), windowMs }
        return [item.describedObject?.name ?? '', value] as const
      }),
    )
  }

  /** A metric of one object. */
  async object(
    namespace: string,
    { apiVersion = '', kind, name }: CrossVersionObjectReference,
    metric: string,
    metricSelector: string,
  ): Promise<number> {
    const declared = kindByName(apiVersion, kind)
    const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : ''
    const plural = `${declared?.resource?.plural ?? `${kind.toLowerCase()}s`}${group}`
    const of = kind === 'Namespace' ? 'metrics' : `${plural}/${name}`
    const scope = kind === 'Namespace' ? name : namespace
    const { items = [] } = await this.#custom(scope, of, metric, { metricLabelSelector: metricSelector })
    const [item] = items
    if (!item) throw new Error('no metrics returned from custom metrics API')
    return milliValue(item.value)
  }

  /** The sum of a metric from outside of the cluster. */
  async external(namespace: string, metric: string, selector: string): Promise<number> {
    const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${metric}`
    const { items = [] } = await this.#get<MetricValueList>('external', path, { labelSelector: selector })
    if (items.length === 0) throw new Error('no metrics returned from external metrics API')
    return items.reduce((sum, item) => sum + milliValue(item.value), 0)
  }

  async #custom(
    namespace: string,
    of: string,
    metric: string,
    query: Readonly<Record<string, string>>,
  ): Promise<MetricValueList> {
    const group = await this.#get<{ preferredVersion?: { version?: string } }>(
      'custom',
      '/apis/custom.metrics.k8s.io',
      {},
    )
    const version = group.preferredVersion?.version ?? 'v1beta2'
    const path = `/apis/custom.metrics.k8s.io/${version}/namespaces/${namespace}/${of}/${metric}`
    return this.#get<MetricValueList>('custom', path, query)
  }

  async #get<T>(api: string, path: string, query: Readonly<Record<string, string>>): Promise<T> {
    try {
      return (await this.#client.transport.request({ method: 'GET', path, query })) as T
    } catch (error) {
      throw new Error(`unable to fetch metrics from ${api} metrics API: ${(error as Error).message}`)
    }
  }
}

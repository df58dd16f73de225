/** Metrics that are made of what is known anyway, when they are asked for. */
import { Gauge, type Histogram, type Registry } from 'prom-client'

/** The same figures under a second name. */
export function addAlias(registry: Registry, metric: Histogram<string>, name: string, help: string): void {
  const { name: own } = metric as unknown as { readonly name: string }
  const get = async () => {
    const found = await metric.get()
    const values = found.values.map(value => ({ ...value, metricName: value.metricName?.replace(own, name) }))
    return { ...found, name, help, values }
  }
  // Of a metric, a registry uses no more than this.
  registry.registerMetric({ name, get, reset() {} } as never)
}

interface Counted {
  readonly group: string
  readonly plural: string
  readonly size: number
}

export function addObjectCounts(registry: Registry, counts: () => Iterable<Counted>): void {
  new Gauge({
    name: 'apiserver_resource_objects',
    help: 'Stored objects by resource.',
    labelNames: ['group', 'resource'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { group, plural, size } of counts()) this.set({ group, resource: plural }, size)
    },
  })
  new Gauge({
    name: 'apiserver_storage_objects',
    help: 'Stored objects by resource, under the name of old.',
    labelNames: ['resource'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { group, plural, size } of counts())
        this.set({ resource: group === '' ? plural : `${plural}.${group}` }, size)
    },
  })
}

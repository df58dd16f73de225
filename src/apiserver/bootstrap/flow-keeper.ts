/** Keeps the mandatory flow objects as they must be, and says of each flow schema whether its priority level exists. */
import { FlowSchema } from '../../api/flowcontrol/v1/flow-schema.ts'
import { PriorityLevelConfiguration } from '../../api/flowcontrol/v1/priority-level-configuration.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import { loggerOf } from '../../base/log.ts'
import { isNotFound } from '../../machinery/api-error.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import { isoSeconds } from '../registry/write-request.ts'
import type { BootstrapApi } from './bootstrap-api.ts'

const log = loggerOf('apiserver/flowcontrol')

/** Changes that come close together are looked at once. */
const settleMs = 50
const retryMs = 5_000
/** As upstream's consumer of these objects is called. */
const fieldManager = 'api-priority-and-fairness-config-consumer-v1'

export interface FlowKeeperOptions {
  readonly api: BootstrapApi
  readonly reader: ObjectReader
  readonly clock: Clock
  /** Makes the objects that are missing or wrong. */
  readonly ensure: () => Promise<void>
}

export class FlowKeeper {
  readonly #options: FlowKeeperOptions
  readonly #stops: (() => void)[]
  #timer: Timer | undefined
  #running = Promise.resolve()
  #stopped = false

  constructor(options: FlowKeeperOptions) {
    this.#options = options
    const { reader } = options
    const wake = () => this.#schedule(settleMs)
    this.#stops = [reader.subscribe(FlowSchema, wake), reader.subscribe(PriorityLevelConfiguration, wake)]
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const stop of this.#stops) stop()
    this.#timer?.cancel()
    await this.#running
  }

  #schedule(delayMs: number): void {
    if (this.#stopped || this.#timer) return
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined
      this.#running = this.#running
        .then(() => this.reconcile())
        .catch(error => {
          log.warn({ error: String(error) }, 'flow schemas could not be brought up to date; trying again')
          this.#schedule(retryMs)
        })
    })
  }

  async reconcile(): Promise<void> {
    const { api, reader, clock, ensure } = this.#options
    await ensure()
    const levels = new Set(reader.list(PriorityLevelConfiguration, '').map(({ metadata }) => metadata.name))
    for (const schema of reader.list(FlowSchema, '')) {
      const status = statusOf(schema, levels, isoSeconds(clock.now()))
      if (!status) continue
      const said = { metadata: { name: schema.metadata.name }, status }
      await api.applyStatus(FlowSchema, said, fieldManager).catch(error => {
        if (!isNotFound(error)) throw error
      })
    }
  }
}

/** What must be said of a schema's status, or undefined where it has it. */
export function statusOf(
  { spec, status }: FlowSchema,
  levels: ReadonlySet<string>,
  nowIso: string,
): FlowSchema['status'] | undefined {
  const { name } = spec.priorityLevelConfiguration
  const exists = levels.has(name)
  const known = status.conditions?.find(({ type }) => type === 'Dangling')
  const wanted = exists ? 'False' : 'True'
  if (known?.status === wanted) return undefined
  const condition = {
    type: 'Dangling',
    status: wanted,
    lastTransitionTime: nowIso,
    reason: exists ? 'Found' : 'NotFound',
    message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)} ${
      exists ? 'and it exists' : 'but there is no such object'
    }`,
  }
  return { conditions: [condition] }
}

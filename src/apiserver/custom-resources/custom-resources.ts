/**
 * Serves custom resources from their definitions: judges names, puts the versions into the table before it says that
 * they are established, and takes them out when the last object of a deleted definition is gone.
 */

import { CustomResourceDefinition } from '../../api/apiextensions/v1/custom-resource-definition.ts'
import { APIService } from '../../api/apiregistration/v1/api-service.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import { loggerOf } from '../../base/log.ts'
import { isConflict, isNotFound } from '../../machinery/api-error.ts'
import { customKind } from '../../machinery/custom/custom-kind.ts'
import { stringifyJson } from '../../schema/json-encode.ts'
import type { Kind } from '../../schema/kind.ts'
import { automanagedLabel, localAvailable } from '../bootstrap/api-services.ts'
import type { BootstrapApi } from '../bootstrap/bootstrap-api.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { ResourceTable } from '../registry/resource-table.ts'
import { cleanupFinalizer } from '../registry/strategies/registration.ts'
import { isoSeconds } from '../registry/write-request.ts'
import type { WebhookClient } from '../webhooks/webhook-client.ts'
import { judge } from './naming.ts'
import { webhookConverter } from './webhook-conversion.ts'

const log = loggerOf('apiserver/custom-resources')

const retryMs = 1_000
/** While objects of a definition that is being deleted wait for their finalizers. */
const drainMs = 500

export interface CustomResourcesOptions {
  readonly reader: ObjectReader
  readonly table: ResourceTable
  readonly api: BootstrapApi
  readonly clock: Clock
  /** Through which conversion webhooks are called. */
  readonly webhooks: WebhookClient
  /** Told of all kinds that are served by definitions, whenever they change. */
  readonly onKinds: (kinds: readonly Kind[]) => void
}

interface Served {
  /** What the kinds were made of. */
  readonly signature: string
  readonly kinds: readonly Kind[]
}

export class CustomResources {
  readonly #options: CustomResourcesOptions
  readonly #definitions = new Map<string, CustomResourceDefinition>()
  readonly #served = new Map<string, Served>()
  readonly #waiting = new Set<string>()
  readonly #stop: () => void
  readonly #timers = new Set<Timer>()
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: CustomResourcesOptions) {
    this.#options = options
    this.#stop = options.reader.subscribe(CustomResourceDefinition, ({ type, object }) => {
      const { name } = object.metadata
      if (type === 'deleted') this.#definitions.delete(name)
      else this.#definitions.set(name, object)
      // Names that one definition gives up, another of its group may get.
      for (const other of this.#definitions.values())
        if (other.spec.group === object.spec.group) this.#wake(other.metadata.name)
      this.#wake(name)
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#stop()
    for (const timer of this.#timers) timer.cancel()
    await this.#running
  }

  /** Resolves when all definitions that are known have been looked at. */
  async settled(): Promise<void> {
    while (this.#waiting.size > 0) await this.#running
    await this.#running
  }

  /** One after the other, in the order in which they were woken. */
  #wake(name: string): void {
    if (this.#stopped || this.#waiting.has(name)) return
    this.#waiting.add(name)
    this.#running = this.#running.then(async () => {
      this.#waiting.delete(name)
      if (this.#stopped) return
      try {
        await this.#reconcile(name)
      } catch (error) {
        log.warn({ definition: name, error: String(error) }, 'a custom resource could not be served; trying again')
        this.#later(name, retryMs)
      }
    })
  }

  #later(name: string, delayMs: number): void {
    const timer = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(timer)
      this.#wake(name)
    })
    this.#timers.add(timer)
  }

  async #reconcile(name: string): Promise<void> {
    const definition = this.#definitions.get(name)
    if (!definition) return this.#withdraw(name)
    const nowIso = isoSeconds(this.#options.clock.now())
    const others = [...this.#definitions.values()].filter(
      other => other.metadata.name !== name && other.spec.group === definition.spec.group,
    )
    const { accepted, status, changed } = judge(definition, others, nowIso)
    const isEstablished = status.conditions?.some(one => one.type === 'Established' && one.status === 'True')
    const serve = () => isEstablished && this.#serve({ ...definition, status })
    if (definition.metadata.deletionTimestamp) {
      serve()
      return this.#drain(definition)
    }
    if (accepted) await this.#ensureApiServices(definition, nowIso)
    // Who sees the resource served may change the definition: nothing must be left to be written then.
    if (changed && !(await this.#tell({ ...definition, status }))) return
    serve()
  }

  /** False where the definition has changed meanwhile: the event of that wakes this again. */
  async #tell(definition: CustomResourceDefinition): Promise<boolean> {
    try {
      await this.#options.api.update(CustomResourceDefinition, definition as object, 'status')
      return true
    } catch (error) {
      ignoreOutdated(error)
      return false
    }
  }

  #serve(definition: CustomResourceDefinition): void {
    const { name } = definition.metadata
    const { spec, status } = definition
    const signature = stringifyJson([spec, status.acceptedNames])
    if (this.#served.get(name)?.signature === signature) return
    const versions = (spec.versions ?? []).map(version => ({ version, kind: customKind(definition, version) }))
    const storage = versions.find(({ version }) => version.storage)
    if (!storage) return
    const served = versions.filter(({ version }) => version.served)
    this.#options.table.serveCustom(name, {
      storage,
      served,
      converter:
        spec.conversion?.strategy === 'Webhook' ? webhookConverter(this.#options.webhooks, spec.conversion) : undefined,
      terminating: () => Boolean(this.#definitions.get(name)?.metadata.deletionTimestamp),
    })
    this.#served.set(name, { signature, kinds: served.map(({ kind }) => kind) })
    this.#tellKinds()
  }

  async #withdraw(name: string): Promise<void> {
    const served = this.#served.get(name)
    if (!served) return
    this.#served.delete(name)
    this.#options.table.withdrawCustom(name)
    this.#tellKinds()
    const inUse = new Set([...this.#served.values()].flatMap(({ kinds }) => kinds.map(apiServiceName)))
    for (const one of served.kinds.map(apiServiceName))
      if (!inUse.has(one)) await this.#options.api.delete(APIService, '', one)
  }

  #tellKinds(): void {
    this.#options.onKinds([...this.#served.values()].flatMap(({ kinds }) => kinds))
  }

  /** The group and version in discovery's order of preference, as upstream's auto-registration has it. */
  async #ensureApiServices({ spec }: CustomResourceDefinition, nowIso: string): Promise<void> {
    const { api, reader } = this.#options
    for (const { name: version, served } of spec.versions ?? []) {
      const name = `${version}.${spec.group}`
      if (!served || reader.get(APIService, '', name)) continue
      const metadata = { name, labels: { [automanagedLabel]: 'true' } }
      const wanted = { group: spec.group, version, groupPriorityMinimum: 1000, versionPriority: 100 }
      await api.create(APIService, { metadata, spec: wanted } as object)
      const made = await api.get(APIService, '', name)
      const status = { conditions: [localAvailable(nowIso)] }
      if (made) await api.update(APIService, { ...made, status } as object, 'status').catch(ignoreOutdated)
    }
  }

  /** Deletes what there is; when all is gone, lets the definition go. */
  async #drain(definition: CustomResourceDefinition): Promise<void> {
    const { metadata, spec } = definition
    if (!metadata.finalizers?.includes(cleanupFinalizer)) return
    const { api } = this.#options
    // The change of the status wakes this again.
    if (await this.#tellTerminating(definition, inProgress)) return
    // The storage version where it is served: no webhook is needed to read it.
    const kinds = this.#served.get(metadata.name)?.kinds ?? []
    const storage = spec.versions?.find(version => version.storage)?.name
    const kind = kinds.find(({ gvk }) => gvk.version === storage) ?? kinds[0]
    const objects = kind ? ((await api.list(kind, '')) as readonly Named[]) : []
    if (kind && objects.length > 0) {
      const namespaced = spec.scope === 'Namespaced'
      for (const { metadata: one } of objects) {
        if (!one.deletionTimestamp) await api.delete(kind, namespaced ? (one.namespace ?? '') : '', one.name)
      }
      if (((await api.list(kind, '')) as readonly Named[]).length > 0) return this.#later(metadata.name, drainMs)
    }
    const finalizers = metadata.finalizers.filter(finalizer => finalizer !== cleanupFinalizer)
    await this.#tellTerminating({ ...definition, metadata: { ...metadata, finalizers } }, kind ? completed : unborn)
  }

  /** False where the definition says so already. */
  async #tellTerminating(definition: CustomResourceDefinition, condition: Terminating): Promise<boolean> {
    const { api, clock } = this.#options
    const before = definition.status.conditions ?? []
    const known = before.find(({ type }) => type === terminating)
    if (known?.reason === condition.reason) return false
    const nowIso = isoSeconds(clock.now())
    const lastTransitionTime = known?.status === condition.status ? known.lastTransitionTime : nowIso
    const made = { type: terminating, lastTransitionTime, ...condition }
    const conditions = known ? before.map(one => (one === known ? made : one)) : [...before, made]
    await api
      .update(
        CustomResourceDefinition,
        { ...definition, status: { ...definition.status, conditions } } as object,
        'status',
      )
      .catch(ignoreOutdated)
    return true
  }
}

const terminating = 'Terminating'

interface Terminating {
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

const inProgress: Terminating = {
  status: 'True',
  reason: 'InstanceDeletionInProgress',
  message: 'CustomResource deletion is in progress',
}
const completed: Terminating = {
  status: 'False',
  reason: 'InstanceDeletionCompleted',
  message: 'removed all instances',
}
const unborn: Terminating = { status: 'False', reason: 'NeverEstablished', message: 'resource was never established' }

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly deletionTimestamp?: string }
}

const apiServiceName = ({ gvk }: Kind): string => `${gvk.version}.${gvk.group}`

/** Its own event brings the newer one. */
function ignoreOutdated(error: unknown): void {
  if (!isConflict(error) && !isNotFound(error)) throw error
}

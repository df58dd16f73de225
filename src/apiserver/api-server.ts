/** Puts the API server together: the chain, the registry over the store, and the endpoints. */
import { randomBytes, randomUUID } from 'node:crypto'
import { kinds as declaredKinds } from '../api/kinds.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import type { RemoteGroup } from '../machinery/discovery/remote-groups.ts'
import type { Kind } from '../schema/kind.ts'
import type { Store } from '../store/store.ts'
import type { AdmissionPlugin } from './admission/admission.ts'
import type { Aggregator } from './aggregation/aggregator.ts'
import type { Authenticator } from './authentication/authenticator.ts'
import type { Authorizer } from './authorization/authorizer.ts'
import { type ChainParts, handleRequest } from './chain/handle.ts'
import type { Audit, RequestContext } from './chain/request-context.ts'
import type { ServerRequest, ServerResponse } from './chain/server-request.ts'
import { addObjectCounts } from './endpoints/derived-metrics.ts'
import { Discovery } from './endpoints/discovery.ts'
import type { Handlers } from './endpoints/handlers.ts'
import type { HealthCheck } from './endpoints/health.ts'
import { Metrics } from './endpoints/metrics.ts'
import { type IdentityDocuments, NonResourceEndpoints } from './endpoints/non-resource.ts'
import type { ResourceServer } from './endpoints/resource-server.ts'
import { serveResource } from './endpoints/serve-resource.ts'
import { timedStore } from './endpoints/timed-store.ts'
import { defaultFlowLimits, FlowControl, type FlowLimits } from './flowcontrol/flow-control.ts'
import { addFlowMetrics } from './flowcontrol/flow-metrics.ts'
import { ServiceAllocator } from './registry/allocators/service-allocator.ts'
import { CacheReader } from './registry/cache-reader.ts'
import { startCompaction } from './registry/compaction.ts'
import { DerivedForms } from './registry/derived-forms.ts'
import { RegistryWriter } from './registry/object-writer.ts'
import type { RegistryDeps } from './registry/registry-deps.ts'
import { ResourceTable } from './registry/resource-table.ts'
import { serviceStrategy } from './registry/strategies/service.ts'
import { StoreFeed } from './watch/store-feed.ts'

export interface RegistryOptions {
  readonly store: Store
  readonly clock?: Clock
  /** For generated names, uids and addresses; absent: the operating system's. */
  readonly random?: () => number
  readonly kinds?: readonly Kind[]
  /** Of cluster addresses, the first family being the default one, as `10.96.0.0/16`. */
  readonly serviceCidrs: readonly string[]
  /** Inclusive. */
  readonly nodePortRange?: readonly [first: number, last: number]
  /** Parsed objects and other derived forms, all kinds together. */
  readonly derivedFormsBytes?: number
  readonly processMetrics?: boolean
}

/** The caches and what reads them: made first, because authorizers and admission plugins are built on the reader. */
export interface RegistryParts {
  readonly options: RegistryOptions
  readonly store: Store
  readonly clock: Clock
  readonly feed: StoreFeed
  readonly table: ResourceTable
  readonly reader: CacheReader
  readonly writer: RegistryWriter
  readonly metrics: Metrics
  readonly allocator: ServiceAllocator
  /** Set by `createApiServer`. */
  admission: readonly AdmissionPlugin[]
  readonly deps: RegistryDeps
}

const defaultDerivedFormsBytes = 48 * 1024 * 1024
const nameCharacters = 'bcdfghjklmnpqrstvwxz2456789'

/** Opens the feed of the store. `close` of the API server stops it. */
export async function openRegistry(options: RegistryOptions): Promise<RegistryParts> {
  const { clock = systemClock, kinds = declaredKinds } = options
  const metrics = new Metrics(options.processMetrics ?? false)
  const store = timedStore(options.store, clock, (operation, seconds) => metrics.storeDone(operation, seconds))
  const feed = new StoreFeed(store, clock)
  await feed.start()
  const random = options.random ?? (() => randomBytes(4).readUInt32BE() / 2 ** 32)
  const allocator = new ServiceAllocator({
    store,
    random,
    cidrs: options.serviceCidrs,
    nodePortRange: options.nodePortRange ?? [30_000, 32_767],
  })
  const table = new ResourceTable({
    kinds,
    store,
    clock,
    feed,
    forms: new DerivedForms(options.derivedFormsBytes ?? defaultDerivedFormsBytes),
    strategies: new Map([['/services', serviceStrategy(allocator)]]),
  })
  allocator.useTable(table)
  const parts: RegistryParts = {
    options,
    store,
    clock,
    feed,
    table,
    metrics,
    allocator,
    admission: [],
    reader: new CacheReader(table, () => parts.deps),
    writer: new RegistryWriter(table, () => parts.deps),
    deps: {
      store,
      feed,
      clock,
      get admission() {
        return parts.admission
      },
      newUid: options.random ? () => uuidOf(random) : randomUUID,
      nameSuffix: () =>
        Array.from({ length: 5 }, () => nameCharacters[Math.floor(random() * nameCharacters.length)]).join(''),
      random,
    },
  }
  return parts
}

/** A version 4 UUID from a given source of randomness. */
function uuidOf(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16))
  hex[12] = '4'
  hex[16] = '89ab'[Math.floor(random() * 4)] as string
  const text = hex.join('')
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`
}

export interface ApiServerOptions {
  readonly registry: RegistryParts
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly admissionPlugins: readonly AdmissionPlugin[]
  readonly audit?: Audit
  readonly handlers: Handlers
  readonly healthChecks?: readonly HealthCheck[]
  readonly flowLimits?: FlowLimits
  /** `host:port` as clients reach the server; asked when needed. */
  readonly serverAddress?: () => string
  /** The token issuer's discovery documents. */
  readonly identity?: IdentityDocuments
  /** Alpha and beta features that are on although they are off by default. */
  readonly featureGates?: ReadonlySet<string>
}

export interface ApiServer {
  readonly registry: RegistryParts
  readonly metrics: Metrics
  handle(request: ServerRequest): Promise<ServerResponse>
  /** From now on other servers answer for the groups that they serve. */
  aggregate(aggregator: Aggregator): void
  setRemoteGroups(groups: readonly RemoteGroup[]): void
  /** Kinds that are declared at run time, for discovery and OpenAPI; the table serves them. */
  setCustomKinds(kinds: readonly Kind[]): void
  /** `/readyz` says no from now on, so that balancers turn away. Everything is still served. */
  drain(): void
  /** Watches end, so that their clients go elsewhere. */
  endWatches(): void
  /** Ends watches and the feed. The store stays open. */
  close(): void
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { registry } = options
  const { clock, metrics, table, feed } = registry
  registry.admission = options.admissionPlugins
  const flowControl = new FlowControl({
    clock,
    ...(options.flowLimits ?? defaultFlowLimits),
    objectsOf: info => table.find(info.apiGroup, info.apiVersion, info.resource)?.cache?.size ?? 0,
  })
  flowControl.follow(registry.reader)
  addFlowMetrics(metrics.registry, flowControl)
  addObjectCounts(metrics.registry, () => objectCounts(table))
  const watches = new Set<{ close(): void }>()
  const server: ResourceServer = {
    deps: registry.deps,
    table,
    handlers: options.handlers,
    clock,
    metrics,
    watches,
  }
  let draining = false
  const cbor = options.featureGates?.has('CBORServingAndStorage') === true
  const kinds = registry.options.kinds ?? declaredKinds
  const discovery = new Discovery(kinds, options.serverAddress ?? (() => ''))
  const nonResource = new NonResourceEndpoints({
    kinds,
    discovery,
    metrics,
    identity: options.identity,
    flowControl,
    clock,
    checks: [...standardChecks(registry, () => draining), ...(options.healthChecks ?? [])],
  })
  let aggregator: Aggregator | undefined
  const serve = (context: RequestContext): Promise<ServerResponse> => {
    if (aggregator?.isRemote(context.request.path)) return aggregator.serve(context)
    return context.info.isResourceRequest ? serveResource(server, context) : nonResource.serve(context)
  }
  const parts: ChainParts = {
    authenticator: options.authenticator,
    authorizer: options.authorizer,
    audit: options.audit,
    flowControl,
    metrics,
    clock,
    factsOf: (group, version, plural) => table.find(group, version, plural)?.facts,
    serve,
  }
  const stopRepair = registry.allocator.startRepair(clock, registry.deps)
  const stopCompaction = startCompaction(registry.store, clock)
  return {
    registry,
    metrics,
    handle: request => handleRequest(parts, cbor ? { ...request, cbor } : request),
    aggregate(extensions) {
      aggregator = extensions
      nonResource.remoteOpenApi = () => extensions.openApiPaths()
    },
    setRemoteGroups: groups => discovery.setRemoteGroups(groups),
    setCustomKinds: custom => nonResource.setCustomKinds(custom),
    drain() {
      draining = true
    },
    endWatches() {
      for (const watch of [...watches]) watch.close()
    },
    close() {
      flowControl.close()
      stopRepair()
      stopCompaction()
      for (const watch of [...watches]) watch.close()
      feed.stop()
    },
  }
}

/** Each cache once, though several versions of a kind are read from it. */
function* objectCounts(table: ResourceTable): Iterable<{ group: string; plural: string; size: number }> {
  const seen = new Set<unknown>()
  for (const { cache, group, plural } of table.all()) {
    if (!cache || seen.has(cache)) continue
    seen.add(cache)
    yield { group, plural, size: cache.size }
  }
}

/** Upstream's is 2 s: a balancer that waits for so long must be able to tell this from a server that is gone. */
const storeTimeoutMs = 1_500

function standardChecks({ store }: RegistryParts, isDraining: () => boolean): HealthCheck[] {
  const storeAnswers = async () => void (await store.currentRevision())
  return [
    { name: 'ping', in: ['livez', 'readyz'], check: async () => {} },
    { name: 'log', in: ['livez', 'readyz'], check: async () => {} },
    { name: 'etcd', in: ['livez'], check: storeAnswers },
    { name: 'etcd', in: ['readyz'], check: storeAnswers, timeoutMs: storeTimeoutMs },
    {
      name: 'shutdown',
      in: ['readyz'],
      check: async () => {
        if (isDraining()) throw new Error('process is shutting down')
      },
    },
  ]
}

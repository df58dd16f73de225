/**
 * Makes the objects that every cluster has, once at every start. What is deleted afterwards stays away until the next
 * start, so that taking a component's binding stops that component.
 */
import { APIService } from '../../api/apiregistration/v1/api-service.ts'
import { ConfigMap } from '../../api/core/v1/config-map.ts'
import { Namespace } from '../../api/core/v1/namespace.ts'
import { kinds } from '../../api/kinds.ts'
import { ServiceCIDR } from '../../api/networking/v1/service-cidr.ts'
import { ClusterRole } from '../../api/rbac/v1/cluster-role.ts'
import { ClusterRoleBinding } from '../../api/rbac/v1/cluster-role-binding.ts'
import { Role } from '../../api/rbac/v1/role.ts'
import { RoleBinding } from '../../api/rbac/v1/role-binding.ts'
import { PriorityClass } from '../../api/scheduling/v1/priority-class.ts'
import type { Clock } from '../../base/clock.ts'
import { isConflict } from '../../machinery/api-error.ts'
import { groupsOf } from '../../machinery/discovery/api-groups.ts'
import { isSame } from '../../machinery/validation/checks.ts'
import type { Kind } from '../../schema/kind.ts'
import { isoSeconds } from '../registry/write-request.ts'
import { automanagedLabel, localApiServices, localAvailable } from './api-services.ts'
import type { BootstrapApi } from './bootstrap-api.ts'
import { defaultClusterRoleBindings, defaultClusterRoles, defaultRoleBindings, defaultRoles } from './default-roles.ts'
import { flowKinds, reconciledFlowObject } from './flow-objects.ts'
import { reconciledBinding, reconciledRole } from './reconcile.ts'
import { systemPriorityClasses } from './system-priority-classes.ts'

export const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const

/** So many writes are under way at once; they share syncs of the store. */
const parallelWrites = 32

export interface BootstrapOptions {
  readonly api: BootstrapApi
  /** As `['10.96.0.0/16']`: the first family is the default one. */
  readonly serviceCidrs: readonly string[]
  /** The authority of client certificates, and that of front proxies. */
  readonly clientCaPem: string
  readonly frontProxyCaPem: string
  readonly clock: Clock
}

async function forAll<T>(items: readonly T[], run: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items[Symbol.iterator]()
  const worker = async () => {
    for (const item of rest) await run(item)
  }
  await Promise.all(Array.from({ length: Math.min(parallelWrites, items.length) }, worker))
}

interface Named {
  readonly metadata?: { readonly namespace?: string; readonly name?: string; readonly resourceVersion?: string }
}

const keyOf = ({ metadata }: Named): string => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`

async function ensureAll<T extends Named>(
  api: BootstrapApi,
  kind: Kind<T>,
  wanted: readonly Named[],
  change: (existing: T, wanted: Named) => { object: T; recreate: boolean } | undefined,
): Promise<void> {
  const existing = new Map((await api.list(kind, '')).map(object => [keyOf(object), object]))
  await forAll(wanted, async one => {
    const known = existing.get(keyOf(one))
    if (!known) return api.create(kind, one)
    const changed = change(known, one)
    if (!changed) return
    if (!changed.recreate) return api.update(kind, changed.object).catch(ignoreConflict)
    await api.delete(kind, one.metadata?.namespace ?? '', one.metadata?.name ?? '')
    const { uid, resourceVersion, creationTimestamp, managedFields, generation, ...metadata } = changed.object
      .metadata as Record<string, unknown>
    await api.create(kind, { ...changed.object, metadata } as Named)
  })
}

/** Another server, or an administrator, wrote at the same time: the next start looks again. */
function ignoreConflict(error: unknown): void {
  if (!isConflict(error)) throw error
}

const role = <T extends Named>(existing: T, wanted: Named) => {
  const object = reconciledRole(existing as never, wanted as never) as T | undefined
  return object && { object, recreate: false }
}

const binding = <T extends Named>(existing: T, wanted: Named) =>
  reconciledBinding(existing as never, wanted as never) as { object: T; recreate: boolean } | undefined

const keep = () => undefined

/** Resolves when everything is there. Throws ApiError where a write is refused. */
export async function bootstrap(options: BootstrapOptions): Promise<void> {
  const { api } = options
  await ensureAll(
    api,
    Namespace,
    systemNamespaces.map(name => ({ metadata: { name } })),
    keep,
  )
  await ensureAll(api, ClusterRole, defaultClusterRoles, role)
  await Promise.all([
    ensureAll(api, ClusterRoleBinding, defaultClusterRoleBindings, binding),
    ensureAll(api, Role, defaultRoles, role),
    ensureAll(api, RoleBinding, defaultRoleBindings, binding),
    ensureAll(api, PriorityClass, systemPriorityClasses, keep),
    ensureExtensionAuthentication(options),
    ensureFlowObjects(api),
    ensureApiServices(options),
  ])
  await ensureServiceCidr(options)
}

/** How extension API servers tell who the aggregator forwards for (Kubernetes documentation, "Configure the Aggregation Layer"). */
async function ensureExtensionAuthentication({ api, clientCaPem, frontProxyCaPem }: BootstrapOptions): Promise<void> {
  const metadata = { namespace: 'kube-system', name: 'extension-apiserver-authentication' }
  const data = {
    'client-ca-file': clientCaPem,
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': frontProxyCaPem,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  }
  const existing = await api.get(ConfigMap, metadata.namespace, metadata.name)
  if (!existing) return void (await api.create(ConfigMap, { metadata, data } as Named))
  if (Object.entries(data).every(([key, value]) => existing.data?.[key] === value)) return
  await api.update(ConfigMap, { ...existing, data: { ...existing.data, ...data } } as Named).catch(ignoreConflict)
}

export async function ensureFlowObjects(api: BootstrapApi): Promise<void> {
  for (const { kind, wanted } of flowKinds) {
    await ensureAll(api, kind as Kind<Named>, wanted, (existing, one) => {
      const object = reconciledFlowObject(existing as never, one as never)
      return object && { object, recreate: false }
    })
  }
}

/** Objects of groups that this server served once, and no longer does, go. */
async function ensureApiServices({ api, clock }: BootstrapOptions): Promise<void> {
  const wanted = localApiServices(groupsOf(kinds))
  const existing = new Map((await api.list(APIService, '')).map(object => [object.metadata.name, object]))
  await forAll(wanted, async one => {
    const { name } = one.metadata
    const known = existing.get(name)
    existing.delete(name)
    if (!known) await api.create(APIService, one)
    else if (!isSame(known.spec, one.spec)) {
      const labels = { ...known.metadata.labels, ...one.metadata.labels }
      await api
        .update(APIService, { ...known, ...one, metadata: { ...known.metadata, labels } } as Named)
        .catch(ignoreConflict)
    }
    if (known?.status?.conditions?.some(({ type, status }) => type === 'Available' && status === 'True')) return
    const made = await api.get(APIService, '', name)
    const status = { conditions: [localAvailable(isoSeconds(clock.now()))] }
    if (made) await api.update(APIService, { ...made, status } as Named, 'status').catch(ignoreConflict)
  })
  const stale = [...existing.values()].filter(one => one.metadata.labels?.[automanagedLabel] === 'onstart')
  await forAll(stale, one => api.delete(APIService, '', one.metadata.name))
}

/** The ServiceCIDR `kubernetes` shows the range that the server was started with (KEP-1880). */
async function ensureServiceCidr({ api, serviceCidrs, clock }: BootstrapOptions): Promise<void> {
  const name = 'kubernetes'
  if (!(await api.get(ServiceCIDR, '', name)))
    await api.create(ServiceCIDR, { metadata: { name }, spec: { cidrs: serviceCidrs } } as Named)
  const made = await api.get(ServiceCIDR, '', name)
  if (!made || made.status?.conditions?.some(({ type }) => type === 'Ready')) return
  const condition = {
    type: 'Ready',
    status: 'True',
    reason: 'Ready',
    message: 'Kubernetes default Service CIDR is ready',
    lastTransitionTime: isoSeconds(clock.now()),
  }
  await api
    .update(ServiceCIDR, { ...made, status: { ...made.status, conditions: [condition] } } as Named, 'status')
    .catch(ignoreConflict)
}

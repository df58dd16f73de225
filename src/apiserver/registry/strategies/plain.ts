/** Kinds whose behaviour on write needs a few words at most. */
import { randomUUID } from 'node:crypto'
import { equalJson } from '../clone.ts'
import type { ObjectJson } from '../stored-object.ts'
import type { Strategy } from '../strategy.ts'
import { at, isolatedStatusStrategy, keepMetadata, keepPart, statusStrategy, strategyOf, textAt } from './base.ts'

export const plainStrategy = strategyOf()
export const createOnUpdateStrategy = strategyOf({ createOnUpdate: true })
/** Addresses have no names that could be generated. */
export const ipAddressStrategy = strategyOf({ keepsPrefix: true })
export const countedStrategy = strategyOf({ hasStatus: true, counted: true })
/** Budgets are replaced only by those who know what they replace. */
export const budgetStrategy = strategyOf({ hasStatus: true, counted: true, unconditionalUpdate: false })
export const flowStrategy = strategyOf({
  hasStatus: true,
  counted: true,
  subresources: { status: isolatedStatusStrategy },
})
export const countedWithoutStatus = strategyOf({ counted: true })
export const statusOnlyStrategy = strategyOf({ hasStatus: true })

/** Changed annotations count too: the deployment controller copies them to its replica sets. */
export const deploymentStrategy = strategyOf({
  hasStatus: true,
  counted: true,
  countedToo: object => object.metadata.annotations ?? {},
  subresources: {
    status: {
      ...statusStrategy,
      prepareForUpdate(object, old, context) {
        statusStrategy.prepareForUpdate(object, old, context)
        keepMetadata(object, old, 'labels')
      },
    },
  },
})

export const serviceCidrStrategy = strategyOf({
  hasStatus: true,
  subresources: {
    status: {
      ...statusStrategy,
      prepareForUpdate(object, old, context) {
        statusStrategy.prepareForUpdate(object, old, context)
        keepMetadata(object, old, 'labels', 'annotations', 'finalizers', 'ownerReferences')
      },
    },
  },
})

const replicaFields = {
  fieldNames: ['status.replicas'],
  selectableFields: (object: ObjectJson) => ({ 'status.replicas': textAt(object, 'status', 'replicas') || '0' }),
}

export const replicaSetStrategy = strategyOf({ hasStatus: true, counted: true })
export const replicationControllerStrategy = strategyOf({
  hasStatus: true,
  counted: true,
  defaultPropagation: 'Orphan',
  ...replicaFields,
})

export const statefulSetStrategy = strategyOf({ hasStatus: true, counted: true })

/** A kubelet registers its node with a status. */
export const nodeStrategy: Strategy = {
  ...strategyOf({
    fieldNames: ['spec.unschedulable'],
    selectableFields: object => ({
      'spec.unschedulable': at(object, 'spec', 'unschedulable') === true ? 'true' : 'false',
    }),
    prepareForUpdate: (object, old) => keepPart(object, old, 'status'),
    subresources: { status: statusStrategy },
  }),
}

interface VolumeStatus {
  phase?: string
  lastPhaseTransitionTime?: string
}

/** When the phase changed last, as far as the writer does not say it. */
function recordTransition(object: ObjectJson, old: ObjectJson, nowIso: string): void {
  const status = { ...(object.status as VolumeStatus | undefined) }
  const before = (old.status ?? {}) as VolumeStatus
  const said = status.lastPhaseTransitionTime
  const time =
    status.phase === before.phase
      ? (said ?? before.lastPhaseTransitionTime)
      : said === undefined || said === before.lastPhaseTransitionTime
        ? nowIso
        : said
  if (time !== undefined) object.status = { ...status, lastPhaseTransitionTime: time }
}

export const persistentVolumeStrategy = strategyOf({
  hasStatus: true,
  prepareForCreate(object, context) {
    object.status = { phase: 'Pending', lastPhaseTransitionTime: context.nowIso }
  },
  subresources: {
    status: {
      ...statusStrategy,
      prepareForUpdate(object, old, context) {
        statusStrategy.prepareForUpdate(object, old, context)
        recordTransition(object, old, context.nowIso)
      },
    },
  },
})

export const persistentVolumeClaimStrategy = strategyOf({
  hasStatus: true,
  prepareForCreate(object) {
    object.status = { phase: 'Pending' }
    object.spec = withBothSources((object.spec ?? {}) as ClaimSpec)
  },
  prepareForUpdate(object, old) {
    object.spec = withBothSources((object.spec ?? {}) as ClaimSpec, (old.spec ?? {}) as ClaimSpec)
  },
})

interface ClaimSpec {
  dataSource?: { apiGroup?: string; kind: string; name: string }
  dataSourceRef?: { apiGroup?: string; kind: string; name: string; namespace?: string }
}

/** The older of the two names knows claims and snapshots alone; each is filled in from the other (KEP-1495). */
function withBothSources({ dataSource, dataSourceRef, ...spec }: ClaimSpec, old: ClaimSpec = {}): ClaimSpec {
  const isClaim = dataSource?.kind === 'PersistentVolumeClaim' && !dataSource.apiGroup
  const isSnapshot = dataSource?.kind === 'VolumeSnapshot' && dataSource.apiGroup === 'snapshot.storage.k8s.io'
  const isUsed = Boolean(old.dataSource ?? old.dataSourceRef)
  const older = isUsed || isClaim || isSnapshot ? dataSource : undefined
  if (!dataSourceRef) return older ? { ...spec, dataSource: older, dataSourceRef: { ...older } } : spec
  const { namespace, ...local } = dataSourceRef
  const source = older ?? (namespace ? undefined : local)
  return { ...spec, ...(source ? { dataSource: source } : {}), dataSourceRef }
}

/** Of the secrets of an account, the names alone count. */
export const serviceAccountStrategy = strategyOf({
  prepareForCreate: keepSecretNames,
  prepareForUpdate: keepSecretNames,
})

function keepSecretNames(object: ObjectJson): void {
  const account = object as ObjectJson & { secrets?: readonly ({ name?: string } | null)[] }
  if (Array.isArray(account.secrets))
    account.secrets = account.secrets.map(secret => (secret?.name === undefined ? {} : { name: secret.name }))
}

/** A range without a name gets one of its own. */
export const limitRangeStrategy = strategyOf({
  createOnUpdate: true,
  prepareForCreate(object) {
    if ((object.metadata.name ?? '') === '') object.metadata.name = randomUUID()
  },
})

const templateGeneration = 'deprecated.daemonset.template.generation'

/** The generation of the template of extensions/v1beta1, which upstream keeps in an annotation. */
export const daemonSetStrategy = strategyOf({
  hasStatus: true,
  counted: true,
  subresources: {
    status: {
      prepareForUpdate(object, old, context) {
        statusStrategy.prepareForUpdate(object, old, context)
        const generation = old.metadata.annotations?.[templateGeneration]
        if (generation !== undefined)
          object.metadata.annotations = { ...object.metadata.annotations, [templateGeneration]: generation }
      },
    },
  },
  prepareForCreate(object) {
    object.status = {}
    object.metadata.annotations = { ...object.metadata.annotations, [templateGeneration]: '1' }
  },
  prepareForUpdate(object, old) {
    const before = Number(old.metadata.annotations?.[templateGeneration] ?? '1') || 0
    const generation = before + (equalJson(at(object, 'spec', 'template'), at(old, 'spec', 'template')) ? 0 : 1)
    object.metadata.annotations = { ...object.metadata.annotations, [templateGeneration]: String(generation) }
  },
})

/** `stringData` is only for writing: it ends in `data`. */
function mergeStringData(object: ObjectJson): void {
  const { stringData, data, ...rest } = object as ObjectJson & {
    stringData?: Record<string, string>
    data?: Record<string, string>
  }
  if (stringData === undefined) return
  const merged = { ...data }
  for (const [key, value] of Object.entries(stringData)) merged[key] = Buffer.from(value, 'utf8').toString('base64')
  for (const key of Object.keys(object)) delete object[key]
  Object.assign(object, rest, { data: merged })
}

export const secretStrategy = strategyOf({
  fieldNames: ['type'],
  selectableFields: object => ({ type: textAt(object, 'type') }),
  prepareForCreate: mergeStringData,
  prepareForUpdate: mergeStringData,
})

/** What the first versions of the API kept in labels; today's clients cannot set it. */
function dropTopology(object: ObjectJson): void {
  const endpoints = object.endpoints as { deprecatedTopology?: object }[] | undefined
  if (endpoints?.some(endpoint => endpoint.deprecatedTopology))
    object.endpoints = endpoints.map(({ deprecatedTopology: _, ...endpoint }) => endpoint)
}

export const endpointSliceStrategy: Strategy = strategyOf({
  prepareForCreate(object) {
    object.metadata.generation = 1
    dropTopology(object)
  },
  prepareForUpdate(object, old) {
    const contentOf = ({ metadata: _, kind: _k, apiVersion: _v, ...content }: Record<string, unknown>) => content
    const same =
      equalJson(contentOf(object), contentOf(old)) && equalJson(object.metadata.labels ?? {}, old.metadata.labels ?? {})
    object.metadata.generation = (old.metadata.generation ?? 0) + (same ? 0 : 1)
    if (!equalJson(object.endpoints, old.endpoints)) dropTopology(object)
  },
})

export const priorityClassStrategy = strategyOf({
  prepareForCreate(object) {
    object.metadata.generation = 1
  },
})

/** Leases and the like are replaced by their owner, who must know what it replaces. */
export const leaseStrategy = strategyOf({ createOnUpdate: true, unconditionalUpdate: false })

export const podTemplateStrategy = strategyOf({
  prepareForCreate(object) {
    object.metadata.generation = 1
  },
  prepareForUpdate(object, old) {
    object.metadata.generation = (old.metadata.generation ?? 0) + (equalJson(object.template, old.template) ? 0 : 1)
  },
})

/** Pods: status by the node, graceful deletion, selectable fields. */
import type { PodSpec } from '../../../api/core/v1/pod-spec.ts'
import { defaultPodLevelResources } from '../../../machinery/defaulting/pod-level-resources.ts'
import { qosClassOf } from '../../../machinery/pod-qos.ts'
import { equalJson } from '../clone.ts'
import type { ObjectJson } from '../stored-object.ts'
import type { Strategy } from '../strategy.ts'
import { at, keepPart, strategyOf, textAt } from './base.ts'
import { mergeLabelKeys } from './pod-label-keys.ts'

type Spec = Record<string, unknown> & { containers?: { name: string; resources?: unknown }[] }

const specOf = (object: ObjectJson): Spec => (object.spec ?? {}) as Spec

function countSpecChange(object: ObjectJson, old: ObjectJson): void {
  const changed = !equalJson(object.spec, old.spec)
  object.metadata.generation = (old.metadata.generation ?? 0) + (changed ? 1 : 0)
}

export const podStrategy: Strategy = strategyOf({
  hasStatus: true,
  unconditionalUpdate: true,
  prepareForCreate(object) {
    object.metadata.generation = 1
    mergeLabelKeys(object)
    defaultPodLevelResources(object.spec as PodSpec)
    const status: Record<string, unknown> = { phase: 'Pending', qosClass: qosClassOf(object.spec as PodSpec) }
    const gates = at(object, 'spec', 'schedulingGates')
    if (Array.isArray(gates) && gates.length > 0) {
      status.conditions = [
        {
          type: 'PodScheduled',
          status: 'False',
          lastProbeTime: null,
          lastTransitionTime: object.metadata.creationTimestamp,
          reason: 'SchedulingGated',
          message: 'Scheduling is blocked due to non-empty scheduling gates',
        },
      ]
    }
    object.status = status
  },
  prepareForUpdate(object, old) {
    keepPart(object, old, 'status')
    // Clients that do not know pod-level resources drop them; nobody else can take them away.
    if (specOf(object).resources === undefined && specOf(old).resources !== undefined)
      object.spec = { ...specOf(object), resources: specOf(old).resources }
    countSpecChange(object, old)
  },
  subresources: {
    status: {
      prepareForUpdate(object, old) {
        object.spec = old.spec
        const { metadata } = object
        if (old.metadata.ownerReferences === undefined) delete metadata.ownerReferences
        else metadata.ownerReferences = old.metadata.ownerReferences
        const status = (object.status ?? {}) as Record<string, unknown>
        // The class is a function of the spec: a status without it keeps the old one.
        status.qosClass ??= at(old, 'status', 'qosClass') ?? qosClassOf(old.spec as PodSpec)
        object.status = status
      },
    },
    ephemeralcontainers: {
      prepareForUpdate(object, old) {
        object.spec = { ...specOf(old), ephemeralContainers: specOf(object).ephemeralContainers }
        if (specOf(object).ephemeralContainers === undefined) delete specOf(object).ephemeralContainers
        keepAllButSpec(object, old)
        countSpecChange(object, old)
      },
    },
    resize: {
      prepareForUpdate(object, old) {
        object.spec = withResourcesOf(specOf(old), specOf(object))
        defaultPodLevelResources(object.spec as PodSpec)
        keepAllButSpec(object, old)
        countSpecChange(object, old)
      },
    },
  },
  deletionPlan(object, requestedSeconds) {
    const phase = textAt(object, 'status', 'phase')
    // Nobody runs it: nothing to wait for.
    if (textAt(object, 'spec', 'nodeName') === '' || phase === 'Succeeded' || phase === 'Failed')
      return { gracePeriodSeconds: 0 }
    const own = at(object, 'spec', 'terminationGracePeriodSeconds')
    const seconds = requestedSeconds ?? (typeof own === 'number' ? own : 0)
    return { gracePeriodSeconds: seconds < 0 ? 1 : seconds }
  },
  fieldNames: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  selectableFields: object => ({
    'spec.nodeName': textAt(object, 'spec', 'nodeName'),
    'spec.restartPolicy': textAt(object, 'spec', 'restartPolicy'),
    'spec.schedulerName': textAt(object, 'spec', 'schedulerName'),
    'spec.serviceAccountName': textAt(object, 'spec', 'serviceAccountName'),
    'spec.hostNetwork': at(object, 'spec', 'hostNetwork') === true ? 'true' : 'false',
    'status.phase': textAt(object, 'status', 'phase'),
    'status.podIP': textAt(object, 'status', 'podIP'),
    'status.podIPs': textAt(object, 'status', 'podIP'),
    'status.nominatedNodeName': textAt(object, 'status', 'nominatedNodeName'),
  }),
})

function keepAllButSpec(object: ObjectJson, old: ObjectJson): void {
  keepPart(object, old, 'status')
  const { managedFields } = object.metadata
  const resourceVersion = object.metadata.resourceVersion
  object.metadata = { ...old.metadata, resourceVersion }
  if (managedFields !== undefined) object.metadata.managedFields = managedFields
}

/**
 * The old spec with the resources and resize policies of the new one's containers. Where there are other containers than
 * before, it is what was sent: the validation says so.
 */
function withResourcesOf(old: Spec, sent: Spec): Spec {
  const lists = ['containers', 'initContainers'] as const
  const listOf = (spec: Spec, list: (typeof lists)[number]) => (spec[list] ?? []) as Sized[]
  if (lists.some(list => listOf(old, list).length !== listOf(sent, list).length)) return sent
  const merged: Spec = { ...old }
  if (sent.resources !== undefined) merged.resources = structuredClone(sent.resources)
  for (const list of lists) {
    const [containers, wanted] = [listOf(old, list), listOf(sent, list)]
    if (containers.length === 0) continue
    merged[list] = containers.every(({ name }, i) => wanted[i]?.name === name)
      ? containers.map((container, i) => resized(container, wanted[i]!))
      : wanted
  }
  return merged
}

interface Sized {
  readonly name: string
  readonly resources?: unknown
  readonly resizePolicy?: unknown
}

function resized({ resources: _, resizePolicy: __, ...container }: Sized, wanted: Sized): Sized {
  const { resources, resizePolicy } = wanted
  return {
    ...container,
    ...(resources === undefined ? {} : { resources }),
    ...(resizePolicy === undefined ? {} : { resizePolicy }),
  }
}

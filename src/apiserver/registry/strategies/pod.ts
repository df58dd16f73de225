/** Pods: status by the node, graceful deletion, selectable fields. */
import { equalJson } from '../clone.ts'
import type { ObjectJson } from '../stored-object.ts'
import type { Strategy } from '../strategy.ts'
import { at, keepPart, strategyOf, textAt } from './base.ts'
import { mergeLabelKeys } from './pod-label-keys.ts'
import { qosClassOf } from './pod-qos.ts'

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
    const status: Record<string, unknown> = { phase: 'Pending', qosClass: qosClassOf(object.spec) }
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
        status.qosClass ??= at(old, 'status', 'qosClass') ?? qosClassOf(old.spec)
        object.status = status
      },
      resetFields: [['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']],
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

/** The old spec with the resources and resize policies of the new one's containers of the same names. */
function withResourcesOf(old: Spec, sent: Spec): Spec {
  const merged: Spec = { ...old }
  if (sent.resources !== undefined) merged.resources = sent.resources
  for (const list of ['containers', 'initContainers'] as const) {
    const containers = old[list] as { name: string }[] | undefined
    if (!containers) continue
    const sentContainers = (sent[list] ?? []) as { name: string; resources?: unknown; resizePolicy?: unknown }[]
    merged[list] = containers.map(container => {
      const wanted = sentContainers.find(other => other.name === container.name)
      if (!wanted) return container
      return {
        ...container,
        resources: wanted.resources,
        ...(wanted.resizePolicy === undefined ? {} : { resizePolicy: wanted.resizePolicy }),
      }
    }) as Spec['containers']
  }
  return merged
}

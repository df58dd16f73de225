/** Deployments and the other kinds of apps/v1, and the replication controller before them. */
import type { ControllerRevision } from '../../api/apps/v1/controller-revision.ts'
import type { DaemonSet } from '../../api/apps/v1/daemon-set.ts'
import type { Deployment } from '../../api/apps/v1/deployment.ts'
import type { ReplicaSet } from '../../api/apps/v1/replica-set.ts'
import type { StatefulSet } from '../../api/apps/v1/stateful-set.ts'
import type { Scale } from '../../api/autoscaling/v1/scale.ts'
import type { PodTemplate } from '../../api/core/v1/pod-template.ts'
import type { ReplicationController } from '../../api/core/v1/replication-controller.ts'
import { ageOf } from './human-duration.ts'
import {
  ageColumn,
  column,
  containerCells,
  containerColumns,
  nameColumn,
  type Printer,
  showLabels,
  showSelector,
  wideColumn,
} from './printer.ts'

const selectorColumn = wideColumn('Selector', 'The labels of the pods that belong to it.')
const integer = { type: 'integer' } as const

export const deploymentPrinter: Printer<Deployment> = {
  columns: [
    nameColumn,
    column('Ready', 'How many pods are ready, of how many wanted.'),
    column('Up-to-date', 'How many pods are of the current template.'),
    column('Available', 'How many pods have been ready for long enough.'),
    ageColumn,
    ...containerColumns,
    selectorColumn,
  ],
  cells: ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    status.updatedReplicas ?? 0,
    status.availableReplicas ?? 0,
    ageOf(metadata.creationTimestamp, nowMs),
    ...containerCells(spec.template.spec),
    showSelector(spec.selector),
  ],
}

const replicaColumns = [
  nameColumn,
  column('Desired', 'How many pods are wanted.', integer),
  column('Current', 'How many pods there are.', integer),
  column('Ready', 'How many pods are ready.', integer),
  ageColumn,
  ...containerColumns,
  selectorColumn,
]

export const scalePrinter: Printer<Scale> = {
  columns: [
    { ...nameColumn, format: '' },
    column('Desired', 'How many replicas are wanted.', integer),
    column('Available', 'How many replicas there are.', integer),
    ageColumn,
  ],
  cells: ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    spec.replicas,
    status.replicas,
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

export const replicaSetPrinter: Printer<ReplicaSet> = {
  columns: replicaColumns,
  cells: ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    spec.replicas ?? 0,
    status.replicas,
    status.readyReplicas ?? 0,
    ageOf(metadata.creationTimestamp, nowMs),
    ...containerCells(spec.template?.spec),
    showSelector(spec.selector),
  ],
}

export const replicationControllerPrinter: Printer<ReplicationController> = {
  columns: replicaColumns,
  cells: ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    spec.replicas ?? 0,
    status.replicas,
    status.readyReplicas ?? 0,
    ageOf(metadata.creationTimestamp, nowMs),
    ...containerCells(spec.template?.spec),
    showLabels(spec.selector),
  ],
}

export const statefulSetPrinter: Printer<StatefulSet> = {
  columns: [
    nameColumn,
    column('Ready', 'How many pods are ready, of how many wanted.'),
    ageColumn,
    ...containerColumns,
  ],
  cells: ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    ageOf(metadata.creationTimestamp, nowMs),
    ...containerCells(spec.template.spec),
  ],
}

export const daemonSetPrinter: Printer<DaemonSet> = {
  columns: [
    nameColumn,
    column('Desired', 'How many nodes should run the pod.', integer),
    column('Current', 'How many of those nodes run it.', integer),
    column('Ready', 'On how many nodes it is ready.', integer),
    column('Up-to-date', 'On how many nodes it is of the current template.', integer),
    column('Available', 'On how many nodes it has been ready for long enough.', integer),
    column('Node Selector', 'The labels of the nodes that should run it.'),
    ageColumn,
    ...containerColumns,
    selectorColumn,
  ],
  cells: ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    status.desiredNumberScheduled,
    status.currentNumberScheduled,
    status.numberReady,
    status.updatedNumberScheduled ?? 0,
    status.numberAvailable ?? 0,
    showLabels(spec.template.spec.nodeSelector),
    ageOf(metadata.creationTimestamp, nowMs),
    ...containerCells(spec.template.spec),
    showSelector(spec.selector),
  ],
}

function controllerOf({ metadata }: ControllerRevision): string {
  const owner = (metadata.ownerReferences ?? []).find(one => one.controller)
  if (owner === undefined) return '<none>'
  const slash = owner.apiVersion.indexOf('/')
  const group = slash < 0 ? '' : `.${owner.apiVersion.slice(0, slash)}`
  return `${`${owner.kind}${group}`.toLowerCase()}/${owner.name}`
}

export const controllerRevisionPrinter: Printer<ControllerRevision> = {
  columns: [
    nameColumn,
    column('Controller', 'The object whose state this was.'),
    column('Revision', 'The number of the state; higher ones are newer.'),
    ageColumn,
  ],
  cells: (revision, nowMs) => [
    revision.metadata.name,
    controllerOf(revision),
    revision.revision,
    ageOf(revision.metadata.creationTimestamp, nowMs),
  ],
}

export const podTemplatePrinter: Printer<PodTemplate> = {
  columns: [
    nameColumn,
    column('Containers', 'The names of the containers in the template.'),
    column('Images', 'The images of the containers in the template.'),
    column('Pod Labels', 'The labels of pods made from the template.'),
  ],
  cells: ({ metadata, template }) => [
    metadata.name,
    ...containerCells(template?.spec),
    showLabels(template?.metadata?.labels),
  ],
}

import { f } from '../../../schema/field.ts'
import { int32, int64, intOrString, list, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { notNegative } from '../../../schema/validators.ts'
import { PersistentVolumeClaim } from '../../core/v1/persistent-volume-claim.ts'
import { PodTemplateSpec } from '../../core/v1/pod-spec.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const RollingUpdateStatefulSetStrategy = message(
  'RollingUpdateStatefulSetStrategy',
  {
    partition: f(1, int32).explicit().doc('Ordinal below which pods keep the old template; 0 by default.'),
    maxUnavailable: f(2, intOrString)
      .explicit()
      .doc('Pods, or percentage rounded up, that may be missing meanwhile; 1 by default.'),
  },
  { doc: 'How a stateful set replaces its pods.' },
)
export type RollingUpdateStatefulSetStrategy = TypeOf<typeof RollingUpdateStatefulSetStrategy>

export const StatefulSetOrdinals = message(
  'StatefulSetOrdinals',
  {
    start: f(1, int32).always().doc('Number of the first pod; 0 by default.'),
  },
  { doc: 'Numbering of the pods of a stateful set.' },
)
export type StatefulSetOrdinals = TypeOf<typeof StatefulSetOrdinals>

export const StatefulSetPersistentVolumeClaimRetentionPolicy = message(
  'StatefulSetPersistentVolumeClaimRetentionPolicy',
  {
    whenDeleted: f(1, str)
      .go('v1.PersistentVolumeClaimRetentionPolicyType')
      .doc('When the stateful set is deleted: `Retain` (default) or `Delete`.'),
    whenScaled: f(2, str)
      .go('v1.PersistentVolumeClaimRetentionPolicyType')
      .doc('When a pod goes by scaling down: `Retain` (default) or `Delete`.'),
  },
  { doc: 'A policy for claims whose pod or stateful set goes.' },
)
export type StatefulSetPersistentVolumeClaimRetentionPolicy = TypeOf<
  typeof StatefulSetPersistentVolumeClaimRetentionPolicy
>

export const StatefulSetUpdateStrategy = message(
  'StatefulSetUpdateStrategy',
  {
    type: f(1, oneOf('OnDelete', 'Recreate', 'RollingUpdate'))
      .go('v1.StatefulSetUpdateStrategyType')
      .doc('`RollingUpdate` (default) one by one, `Recreate` after all are gone, or `OnDelete` by hand.'),
    rollingUpdate: f(2, RollingUpdateStatefulSetStrategy).doc('Details of a rolling update.'),
  },
  { doc: 'How a stateful set replaces its pods.' },
)
export type StatefulSetUpdateStrategy = TypeOf<typeof StatefulSetUpdateStrategy>

export const StatefulSetSpec = message(
  'StatefulSetSpec',
  {
    replicas: f(1, int32).validate(notNegative).explicit().doc('Number of pods; 1 by default.'),
    selector: f(2, LabelSelector)
      .orNull()
      .required()
      .doc('Which pods belong to it; must match the labels of the template and cannot be changed.'),
    template: f(3, PodTemplateSpec).required().always().doc('Pattern of the pods, which are named `<set>-<ordinal>`.'),
    volumeClaimTemplates: f(4, list(PersistentVolumeClaim))
      .listOf('atomic')
      .doc('Patterns of claims; each pod gets its own, named `<template>-<pod>`.'),
    serviceName: f(5, str).always().doc('Headless service below which the pods have their DNS names.'),
    podManagementPolicy: f(6, oneOf('OrderedReady', 'Parallel'))
      .go('v1.PodManagementPolicyType')
      .doc('Whether pods start and stop in order (`OrderedReady`, default) or all at once.'),
    updateStrategy: f(7, StatefulSetUpdateStrategy).always().doc('How pods are replaced when the template changes.'),
    revisionHistoryLimit: f(8, int32).explicit().doc('Old revisions that are kept for going back; 10 by default.'),
    minReadySeconds: f(9, int32)
      .validate(notNegative)
      .doc('Seconds that a pod must be ready to count as available; 0 by default.'),
    persistentVolumeClaimRetentionPolicy: f(10, StatefulSetPersistentVolumeClaimRetentionPolicy).doc(
      'What becomes of claims made from the templates.',
    ),
    ordinals: f(11, StatefulSetOrdinals).doc('How the pods are numbered.'),
  },
  { doc: 'Specification of a stateful set.' },
)
export type StatefulSetSpec = TypeOf<typeof StatefulSetSpec>

export const StatefulSetCondition = message(
  'StatefulSetCondition',
  {
    type: f(1, str).go('v1.StatefulSetConditionType').always().doc('Type of the condition.'),
    status: f(2, str).go('v1.ConditionStatus').always().doc('`True`, `False` or `Unknown`.'),
    lastTransitionTime: f(3, time).orNull().doc('When the status last changed.'),
    reason: f(4, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(5, str).doc('Details of the last change for people.'),
  },
  { doc: 'One observed aspect of a stateful set.' },
)
export type StatefulSetCondition = TypeOf<typeof StatefulSetCondition>

export const StatefulSetStatus = message(
  'StatefulSetStatus',
  {
    observedGeneration: f(1, int64).doc('Generation of the specification that this status reflects.'),
    replicas: f(2, int32).required().always().doc('Number of pods.'),
    readyReplicas: f(3, int32).doc('Number of pods that are ready.'),
    currentReplicas: f(4, int32).doc('Number of pods of the current revision.'),
    updatedReplicas: f(5, int32).doc('Number of pods of the revision that is being rolled out.'),
    currentRevision: f(6, str).doc('Revision that the pods had before the rollout.'),
    updateRevision: f(7, str).doc('Revision that is being rolled out.'),
    collisionCount: f(9, int32)
      .explicit()
      .doc('How often the name of a new revision was taken; part of the next hash.'),
    conditions: f(10, list(StatefulSetCondition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
    availableReplicas: f(11, int32).always().doc('Number of pods that have been ready for `minReadySeconds`.'),
  },
  { doc: 'What was last observed of a stateful set.' },
)
export type StatefulSetStatus = TypeOf<typeof StatefulSetStatus>

export const StatefulSet = kind(
  'StatefulSet',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, StatefulSetSpec)
      .required()
      .always()
      .doc('How many pods there should be, of which kind, and with which claims.'),
    status: f(3, StatefulSetStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Runs pods with lasting names and storage.',
    resource: {
      plural: 'statefulsets',
      singular: 'statefulset',
      shortNames: ['sts'],
      categories: ['all'],
      namespaced: true,
      verbs: allVerbs,
      subresources: {
        scale: { verbs: ['get', 'patch', 'update'], kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } },
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type StatefulSet = TypeOf<typeof StatefulSet>

import { f } from '../../../schema/field.ts'
import { list, map, oneOf, quantity, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'
import { ScopeSelector } from './topology.ts'

export const ResourceQuotaSpec = message(
  'ResourceQuotaSpec',
  {
    hard: f(1, map(quantity)).go('v1.ResourceList').doc('Upper bounds, by resource or `count/<resource>.<group>`.'),
    scopes: f(
      2,
      list(
        oneOf(
          'BestEffort',
          'CrossNamespacePodAffinity',
          'NotBestEffort',
          'NotTerminating',
          'PriorityClass',
          'Terminating',
          'VolumeAttributesClass',
        ),
      ),
    )
      .go('v1.ResourceQuotaScope')
      .listOf('atomic')
      .doc('Which objects are counted: those in all of these scopes; every one if empty.'),
    scopeSelector: f(3, ScopeSelector).doc('As `scopes`, with operators; both must hold.'),
  },
  { doc: 'What a namespace may use in total.' },
)
export type ResourceQuotaSpec = TypeOf<typeof ResourceQuotaSpec>

export const ResourceQuotaStatus = message(
  'ResourceQuotaStatus',
  {
    hard: f(1, map(quantity)).go('v1.ResourceList').doc('Bounds that are enforced.'),
    used: f(2, map(quantity)).go('v1.ResourceList').doc('Amounts in use.'),
  },
  { doc: 'What a namespace uses in total.' },
)
export type ResourceQuotaStatus = TypeOf<typeof ResourceQuotaStatus>

export const ResourceQuota = kind(
  'ResourceQuota',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, ResourceQuotaSpec).always().doc('The bounds.'),
    status: f(3, ResourceQuotaStatus).always().doc('What is in use; written by the system.'),
  },
  {
    doc: 'A bound on what a namespace may use in total.',
    resource: {
      plural: 'resourcequotas',
      singular: 'resourcequota',
      shortNames: ['quota'],
      namespaced: true,
      verbs: allVerbs,
      subresources: {
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type ResourceQuota = TypeOf<typeof ResourceQuota>

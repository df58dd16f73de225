import { f } from '../../../schema/field.ts'
import { list, map, oneOf, quantity, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'
import { ScopeSelector } from './topology.ts'

export const ResourceQuotaSpec = message('ResourceQuotaSpec', {
  hard: f(1, map(quantity)),
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
  ).listOf('atomic'),
  scopeSelector: f(3, ScopeSelector),
})
export type ResourceQuotaSpec = TypeOf<typeof ResourceQuotaSpec>

export const ResourceQuotaStatus = message('ResourceQuotaStatus', {
  hard: f(1, map(quantity)),
  used: f(2, map(quantity)),
})
export type ResourceQuotaStatus = TypeOf<typeof ResourceQuotaStatus>

export const ResourceQuota = kind(
  'ResourceQuota',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, ResourceQuotaSpec).always(),
    status: f(3, ResourceQuotaStatus).always(),
  },
  {
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

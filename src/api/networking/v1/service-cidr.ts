import { f } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const ServiceCIDRSpec = message('ServiceCIDRSpec', {
  cidrs: f(1, list(str)).listOf('atomic'),
})
export type ServiceCIDRSpec = TypeOf<typeof ServiceCIDRSpec>

export const ServiceCIDRStatus = message('ServiceCIDRStatus', {
  conditions: f(1, list(Condition)).listOf('map', 'type').patch('merge', 'type'),
})
export type ServiceCIDRStatus = TypeOf<typeof ServiceCIDRStatus>

export const ServiceCIDR = kind(
  'ServiceCIDR',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, ServiceCIDRSpec).always(),
    status: f(3, ServiceCIDRStatus).always(),
  },
  {
    resource: {
      plural: 'servicecidrs',
      singular: 'servicecidr',
      namespaced: false,
      verbs: allVerbs,
      subresources: {
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type ServiceCIDR = TypeOf<typeof ServiceCIDR>

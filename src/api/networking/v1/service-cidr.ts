import { f } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const ServiceCIDRSpec = message(
  'ServiceCIDRSpec',
  {
    cidrs: f(1, list(str)).listOf('atomic').doc('Networks, at most one for each IP family; cannot be changed.'),
  },
  { doc: 'Networks for the addresses of services.' },
)
export type ServiceCIDRSpec = TypeOf<typeof ServiceCIDRSpec>

export const ServiceCIDRStatus = message(
  'ServiceCIDRStatus',
  {
    conditions: f(1, list(Condition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
  },
  { doc: 'What was last observed of a service network.' },
)
export type ServiceCIDRStatus = TypeOf<typeof ServiceCIDRStatus>

export const ServiceCIDR = kind(
  'ServiceCIDR',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, ServiceCIDRSpec).always().doc('The networks.'),
    status: f(3, ServiceCIDRStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Networks from which services get their addresses.',
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

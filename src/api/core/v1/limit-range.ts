import { f } from '../../../schema/field.ts'
import { list, map, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const LimitRangeItem = message(
  'LimitRangeItem',
  {
    type: f(1, str)
      .go('v1.LimitType')
      .required()
      .always()
      .doc('What is limited: `Pod`, `Container` or `PersistentVolumeClaim`.'),
    max: f(2, map(quantity)).go('v1.ResourceList').doc('Largest amount, by resource.'),
    min: f(3, map(quantity)).go('v1.ResourceList').doc('Smallest amount, by resource.'),
    default: f(4, map(quantity)).go('v1.ResourceList').doc('Limit that a container without one gets, by resource.'),
    defaultRequest: f(5, map(quantity))
      .go('v1.ResourceList')
      .doc('Request that a container without one gets, by resource.'),
    maxLimitRequestRatio: f(6, map(quantity))
      .go('v1.ResourceList')
      .doc('Largest quotient of limit and request, by resource.'),
  },
  { doc: 'Limits for one kind of thing.' },
)
export type LimitRangeItem = TypeOf<typeof LimitRangeItem>

export const LimitRangeSpec = message(
  'LimitRangeSpec',
  {
    limits: f(1, list(LimitRangeItem))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('The limits; all of them are enforced.'),
  },
  { doc: 'Limits in a namespace.' },
)
export type LimitRangeSpec = TypeOf<typeof LimitRangeSpec>

export const LimitRange = kind(
  'LimitRange',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, LimitRangeSpec).always().doc('The limits.'),
  },
  {
    doc: 'Limits and defaults for the resources of each pod, container or claim in a namespace.',
    resource: {
      plural: 'limitranges',
      singular: 'limitrange',
      shortNames: ['limits'],
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type LimitRange = TypeOf<typeof LimitRange>

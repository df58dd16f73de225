import { f } from '../../../schema/field.ts'
import { list, map, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const LimitRangeItem = message('LimitRangeItem', {
  type: f(1, str).required().always(),
  max: f(2, map(quantity)),
  min: f(3, map(quantity)),
  default: f(4, map(quantity)),
  defaultRequest: f(5, map(quantity)),
  maxLimitRequestRatio: f(6, map(quantity)),
})
export type LimitRangeItem = TypeOf<typeof LimitRangeItem>

export const LimitRangeSpec = message('LimitRangeSpec', {
  limits: f(1, list(LimitRangeItem)).explicit().required().listOf('atomic'),
})
export type LimitRangeSpec = TypeOf<typeof LimitRangeSpec>

export const LimitRange = kind(
  'LimitRange',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, LimitRangeSpec).always(),
  },
  {
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

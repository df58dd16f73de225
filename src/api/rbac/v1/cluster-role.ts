import { f } from '../../../schema/field.ts'
import { list, type TypeOf } from '../../../schema/type.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'
import { PolicyRule } from './rules.ts'

export const AggregationRule = message('AggregationRule', {
  clusterRoleSelectors: f(1, list(LabelSelector)).listOf('atomic'),
})
export type AggregationRule = TypeOf<typeof AggregationRule>

export const ClusterRole = kind(
  'ClusterRole',
  {
    metadata: f(1, ObjectMeta).always(),
    rules: f(2, list(PolicyRule)).explicit().listOf('atomic'),
    aggregationRule: f(3, AggregationRule),
  },
  {
    resource: {
      plural: 'clusterroles',
      singular: 'clusterrole',
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type ClusterRole = TypeOf<typeof ClusterRole>

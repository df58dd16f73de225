import { f } from '../../../schema/field.ts'
import { list, type TypeOf } from '../../../schema/type.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'
import { PolicyRule } from './rules.ts'

export const AggregationRule = message(
  'AggregationRule',
  {
    clusterRoleSelectors: f(1, list(LabelSelector))
      .listOf('atomic')
      .doc('Selectors of which any must match a cluster role.'),
  },
  { doc: 'Which cluster roles are put together.' },
)
export type AggregationRule = TypeOf<typeof AggregationRule>

export const ClusterRole = kind(
  'ClusterRole',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    rules: f(2, list(PolicyRule))
      .orNull()
      .explicit()
      .listOf('atomic')
      .doc('Things that may be done; written by the system if there is an aggregation rule.'),
    aggregationRule: f(3, AggregationRule).doc('Cluster roles whose rules make up this one.'),
  },
  {
    doc: 'Rights in the whole cluster, or in the namespaces for which they are granted.',
    resource: {
      plural: 'clusterroles',
      singular: 'clusterrole',
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type ClusterRole = TypeOf<typeof ClusterRole>

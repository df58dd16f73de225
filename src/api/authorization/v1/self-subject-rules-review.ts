import { f } from '../../../schema/field.ts'
import { bool, list, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

export const NonResourceRule = message('NonResourceRule', {
  verbs: f(1, list(str)).explicit().required().listOf('atomic'),
  nonResourceURLs: f(2, list(str)).listOf('atomic'),
})
export type NonResourceRule = TypeOf<typeof NonResourceRule>

export const ResourceRule = message('ResourceRule', {
  verbs: f(1, list(str)).explicit().required().listOf('atomic'),
  apiGroups: f(2, list(str)).listOf('atomic'),
  resources: f(3, list(str)).listOf('atomic'),
  resourceNames: f(4, list(str)).listOf('atomic'),
})
export type ResourceRule = TypeOf<typeof ResourceRule>

export const SelfSubjectRulesReviewSpec = message('SelfSubjectRulesReviewSpec', {
  namespace: f(1, str),
})
export type SelfSubjectRulesReviewSpec = TypeOf<typeof SelfSubjectRulesReviewSpec>

export const SubjectRulesReviewStatus = message('SubjectRulesReviewStatus', {
  resourceRules: f(1, list(ResourceRule)).explicit().required().listOf('atomic'),
  nonResourceRules: f(2, list(NonResourceRule)).explicit().required().listOf('atomic'),
  incomplete: f(3, bool).required().always(),
  evaluationError: f(4, str),
})
export type SubjectRulesReviewStatus = TypeOf<typeof SubjectRulesReviewStatus>

export const SelfSubjectRulesReview = kind(
  'SelfSubjectRulesReview',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, SelfSubjectRulesReviewSpec).required().always(),
    status: f(3, SubjectRulesReviewStatus).always(),
  },
  {
    resource: {
      plural: 'selfsubjectrulesreviews',
      singular: 'selfsubjectrulesreview',
      namespaced: false,
      verbs: ['create'],
    },
  },
)
export type SelfSubjectRulesReview = TypeOf<typeof SelfSubjectRulesReview>

import { f } from '../../../schema/field.ts'
import { bool, list, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

export const NonResourceRule = message(
  'NonResourceRule',
  {
    verbs: f(1, list(str))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('HTTP methods in lower case; `*` means all.'),
    nonResourceURLs: f(2, list(str)).listOf('atomic').doc('Paths, possibly ending with `*`.'),
  },
  { doc: 'A rule about paths that are no resources.' },
)
export type NonResourceRule = TypeOf<typeof NonResourceRule>

export const ResourceRule = message(
  'ResourceRule',
  {
    verbs: f(1, list(str))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('What may be done; `*` means everything.'),
    apiGroups: f(2, list(str)).listOf('atomic').doc('API groups; `*` means all.'),
    resources: f(3, list(str)).listOf('atomic').doc('Resources, with subresources as `pods/log`; `*` means all.'),
    resourceNames: f(4, list(str)).listOf('atomic').doc('Names to which the rule is restricted; all if empty.'),
  },
  { doc: 'A rule about resources.' },
)
export type ResourceRule = TypeOf<typeof ResourceRule>

export const SelfSubjectRulesReviewSpec = message(
  'SelfSubjectRulesReviewSpec',
  {
    namespace: f(1, str).doc('Namespace in question.'),
  },
  { doc: 'Where the rights of the caller are asked about.' },
)
export type SelfSubjectRulesReviewSpec = TypeOf<typeof SelfSubjectRulesReviewSpec>

export const SubjectRulesReviewStatus = message(
  'SubjectRulesReviewStatus',
  {
    resourceRules: f(1, list(ResourceRule))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('Resources that may be used.'),
    nonResourceRules: f(2, list(NonResourceRule))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('Paths that may be requested.'),
    incomplete: f(3, bool).required().always().doc('Whether an authorizer could not tell all its rules.'),
    evaluationError: f(4, str).doc('What went wrong on the way.'),
  },
  { doc: 'What the caller may do; for showing, not for deciding.' },
)
export type SubjectRulesReviewStatus = TypeOf<typeof SubjectRulesReviewStatus>

export const SelfSubjectRulesReview = kind(
  'SelfSubjectRulesReview',
  {
    metadata: f(1, ObjectMeta).always().doc('Standard metadata; not used.'),
    spec: f(2, SelfSubjectRulesReviewSpec).required().always().doc('The question.'),
    status: f(3, SubjectRulesReviewStatus).always().doc('The answer.'),
  },
  {
    doc: 'Asks what the caller may do in a namespace.',
    resource: {
      plural: 'selfsubjectrulesreviews',
      singular: 'selfsubjectrulesreview',
      namespaced: false,
      verbs: ['create'],
    },
  },
)
export type SelfSubjectRulesReview = TypeOf<typeof SelfSubjectRulesReview>

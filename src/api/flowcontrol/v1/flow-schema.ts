import { f } from '../../../schema/field.ts'
import { bool, int32, list, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const UserSubject = message(
  'UserSubject',
  {
    name: f(1, str).required().always().doc('Name of the user; `*` for all.'),
  },
  { doc: 'A user by name.' },
)
export type UserSubject = TypeOf<typeof UserSubject>

export const GroupSubject = message(
  'GroupSubject',
  {
    name: f(1, str).required().always().doc('Name of the group; `*` for all.'),
  },
  { doc: 'A group of users by name.' },
)
export type GroupSubject = TypeOf<typeof GroupSubject>

export const ServiceAccountSubject = message(
  'ServiceAccountSubject',
  {
    namespace: f(1, str).required().always().doc('Namespace of the service account.'),
    name: f(2, str).required().always().doc('Name of the service account; `*` for all of the namespace.'),
  },
  { doc: 'A service account by name.' },
)
export type ServiceAccountSubject = TypeOf<typeof ServiceAccountSubject>

export const Subject = message(
  'Subject',
  {
    kind: f(1, str).go('v1.SubjectKind').required().always().doc('`User`, `Group` or `ServiceAccount`.'),
    user: f(2, UserSubject).doc('The user, where the kind is `User`.'),
    group: f(3, GroupSubject).doc('The group, where the kind is `Group`.'),
    serviceAccount: f(4, ServiceAccountSubject).doc('The service account, where the kind is `ServiceAccount`.'),
  },
  {
    doc: 'A user, a group or a service account.',
    unions: [{ discriminator: 'kind', members: ['group', 'serviceAccount', 'user'] }],
  },
)
export type Subject = TypeOf<typeof Subject>

export const ResourcePolicyRule = message(
  'ResourcePolicyRule',
  {
    verbs: f(1, list(str)).orNull().explicit().required().listOf('set').doc('Verbs in lower case; `*` alone for all.'),
    apiGroups: f(2, list(str))
      .orNull()
      .explicit()
      .required()
      .listOf('set')
      .doc('API groups; empty string for the core group, `*` alone for all.'),
    resources: f(3, list(str))
      .orNull()
      .explicit()
      .required()
      .listOf('set')
      .doc('Resources, with subresources as `pods/log`; `*` alone for all.'),
    clusterScope: f(4, bool).doc('Whether requests without a namespace match.'),
    namespaces: f(5, list(str))
      .orNull()
      .explicit()
      .listOf('set')
      .doc('Namespaces of the requests; `*` for all; none matches no request with a namespace.'),
  },
  { doc: 'Matches requests for resources: verb, group, resource and namespace must all match.' },
)
export type ResourcePolicyRule = TypeOf<typeof ResourcePolicyRule>

export const NonResourcePolicyRule = message(
  'NonResourcePolicyRule',
  {
    verbs: f(1, list(str)).orNull().explicit().required().listOf('set').doc('Verbs in lower case; `*` alone for all.'),
    nonResourceURLs: f(6, list(str))
      .orNull()
      .explicit()
      .required()
      .listOf('set')
      .doc('Paths, as `/healthz`, `/healthz/*` or `*` alone for all.'),
  },
  { doc: 'Matches requests for paths that are no resources: verb and path must both match.' },
)
export type NonResourcePolicyRule = TypeOf<typeof NonResourcePolicyRule>

export const PolicyRulesWithSubjects = message(
  'PolicyRulesWithSubjects',
  {
    subjects: f(1, list(Subject))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('Who makes the request: one of them must match.'),
    resourceRules: f(2, list(ResourcePolicyRule))
      .listOf('atomic')
      .doc('Requests for resources; one of the rules must match.'),
    nonResourceRules: f(3, list(NonResourcePolicyRule))
      .listOf('atomic')
      .doc('Requests for paths that are no resources; one of the rules must match.'),
  },
  { doc: 'Matches requests of some subjects for some resources or paths.' },
)
export type PolicyRulesWithSubjects = TypeOf<typeof PolicyRulesWithSubjects>

export const FlowDistinguisherMethod = message(
  'FlowDistinguisherMethod',
  {
    type: f(1, str).go('v1.FlowDistinguisherMethodType').required().always().doc('`ByUser` or `ByNamespace`.'),
  },
  { doc: 'How requests of one schema are split into flows.' },
)
export type FlowDistinguisherMethod = TypeOf<typeof FlowDistinguisherMethod>

export const PriorityLevelConfigurationReference = message(
  'PriorityLevelConfigurationReference',
  {
    name: f(1, str).required().always().doc('Name of the priority level.'),
  },
  { doc: 'Names a priority level.' },
)
export type PriorityLevelConfigurationReference = TypeOf<typeof PriorityLevelConfigurationReference>

export const FlowSchemaSpec = message(
  'FlowSchemaSpec',
  {
    priorityLevelConfiguration: f(1, PriorityLevelConfigurationReference)
      .required()
      .always()
      .doc('Priority level of the requests; a schema whose level does not exist is not used.'),
    matchingPrecedence: f(2, int32)
      .always()
      .doc('Order among the schemas that match a request: the lowest number wins. From 1 to 10000, 1000 by default.'),
    distinguisherMethod: f(3, FlowDistinguisherMethod).doc(
      'How the requests are split into flows; all are one flow if unset.',
    ),
    rules: f(4, list(PolicyRulesWithSubjects))
      .listOf('atomic')
      .doc('Rules of which one must match; without any the schema is for no request.'),
  },
  { doc: 'Which requests a flow schema is for, and where they go.' },
)
export type FlowSchemaSpec = TypeOf<typeof FlowSchemaSpec>

export const FlowSchemaCondition = message(
  'FlowSchemaCondition',
  {
    type: f(1, str).go('v1.FlowSchemaConditionType').required().doc('Type of the condition, such as `Dangling`.'),
    status: f(2, str).go('v1.ConditionStatus').doc('`True`, `False` or `Unknown`.'),
    lastTransitionTime: f(3, time).orNull().doc('When the status last changed.'),
    reason: f(4, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(5, str).doc('Details of the last change for people.'),
  },
  { doc: 'One observed aspect of a flow schema.' },
)
export type FlowSchemaCondition = TypeOf<typeof FlowSchemaCondition>

export const FlowSchemaStatus = message(
  'FlowSchemaStatus',
  {
    conditions: f(1, list(FlowSchemaCondition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
  },
  { doc: 'What was last observed of a flow schema.' },
)
export type FlowSchemaStatus = TypeOf<typeof FlowSchemaStatus>

export const FlowSchema = kind(
  'FlowSchema',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, FlowSchemaSpec).required().always().doc('Which requests belong here, and where they go.'),
    status: f(3, FlowSchemaStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Sorts requests into flows and sends them to a priority level.',
    resource: {
      plural: 'flowschemas',
      singular: 'flowschema',
      namespaced: false,
      verbs: allVerbs,
      subresources: { status: { verbs: ['get', 'patch', 'update'] } },
    },
  },
)
export type FlowSchema = TypeOf<typeof FlowSchema>

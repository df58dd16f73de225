import { f, inline } from '../../../schema/field.ts'
import { list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { message } from './package.ts'

export const Rule = message(
  'Rule',
  {
    apiGroups: f(1, list(str)).listOf('atomic').doc('API groups; `*` alone for all.'),
    apiVersions: f(2, list(str)).listOf('atomic').doc('Versions; `*` alone for all.'),
    resources: f(3, list(str))
      .listOf('atomic')
      .doc(
        'Resources, with subresources as `pods/log`, `pods/*` or `*/scale`; `*` for all without subresources, `*/*` for everything.',
      ),
    scope: f(4, oneOf('*', 'Cluster', 'Namespaced'))
      .go('v1.ScopeType')
      .explicit()
      .doc('`Cluster` or `Namespaced` to restrict the resources, `*` (default) not to.'),
  },
  { doc: 'Some resources of some versions of some API groups.' },
)
export type Rule = TypeOf<typeof Rule>

export const RuleWithOperations = message(
  'RuleWithOperations',
  {
    operations: f(1, list(oneOf('*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE')))
      .go('v1.OperationType')
      .listOf('atomic')
      .doc('`CREATE`, `UPDATE`, `DELETE`, `CONNECT`, or `*` alone for all of them.'),
    ...inline(2, Rule),
  },
  { doc: 'Some operations on some resources.' },
)
export type RuleWithOperations = TypeOf<typeof RuleWithOperations>

export const NamedRuleWithOperations = message(
  'NamedRuleWithOperations',
  {
    resourceNames: f(1, list(str)).listOf('atomic').doc('Names of the objects; all if empty.'),
    ...inline(2, RuleWithOperations),
  },
  { doc: 'Some operations on some resources, possibly with certain names.', mapType: 'atomic' },
)
export type NamedRuleWithOperations = TypeOf<typeof NamedRuleWithOperations>

export const MatchResources = message(
  'MatchResources',
  {
    namespaceSelector: f(1, LabelSelector).doc(
      'Namespaces of the objects, by label; all by default. A namespace itself is judged by its own labels.',
    ),
    objectSelector: f(2, LabelSelector).doc('Labels of the object or of the one it replaces; all by default.'),
    resourceRules: f(3, list(NamedRuleWithOperations))
      .listOf('atomic')
      .doc('Operations and resources of which one must match.'),
    excludeResourceRules: f(4, list(NamedRuleWithOperations))
      .listOf('atomic')
      .doc('Operations and resources that are left out, whatever else matches.'),
    matchPolicy: f(7, oneOf('Equivalent', 'Exact'))
      .go('v1.MatchPolicyType')
      .explicit()
      .doc('`Exact` for the versions named alone, `Equivalent` (default) also for others of the same resource.'),
  },
  { doc: 'Which requests a policy is for.', mapType: 'atomic' },
)
export type MatchResources = TypeOf<typeof MatchResources>

export const MatchCondition = message(
  'MatchCondition',
  {
    name: f(1, str).required().always().doc('Name of the condition, unique in its list.'),
    expression: f(2, str)
      .required()
      .always()
      .doc(
        'CEL expression that gives true for requests that match; it may use `object`, `oldObject`, `request` and `authorizer`.',
      ),
  },
  { doc: 'A condition that a request must meet.' },
)
export type MatchCondition = TypeOf<typeof MatchCondition>

export const ParamKind = message(
  'ParamKind',
  {
    apiVersion: f(1, str).doc('Group and version of the kind.'),
    kind: f(2, str).doc('The kind.'),
  },
  { doc: 'The kind of the parameters of a policy.', mapType: 'atomic' },
)
export type ParamKind = TypeOf<typeof ParamKind>

export const ParamRef = message(
  'ParamRef',
  {
    name: f(1, str).doc('Name of the object; excludes `selector`.'),
    namespace: f(2, str).doc('Namespace of the parameters; that of the object under review if empty.'),
    selector: f(3, LabelSelector).doc('Labels of the parameters; excludes `name`.'),
    parameterNotFoundAction: f(4, str)
      .go('v1.ParameterNotFoundActionType')
      .explicit()
      .doc('`Allow` or `Deny`: what happens where there are no parameters.'),
  },
  { doc: 'Which objects are the parameters of a policy.', mapType: 'atomic' },
)
export type ParamRef = TypeOf<typeof ParamRef>

export const Variable = message(
  'Variable',
  {
    name: f(1, str).required().always().doc('Name of the variable, a CEL identifier; `variables.<name>` is its value.'),
    expression: f(2, str).required().always().doc('CEL expression of the value.'),
  },
  { doc: 'A value with a name for the other expressions of the policy.', mapType: 'atomic' },
)
export type Variable = TypeOf<typeof Variable>

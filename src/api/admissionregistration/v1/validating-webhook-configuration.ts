import { f } from '../../../schema/field.ts'
import { int32, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { MatchCondition, RuleWithOperations } from './match-resources.ts'
import { kind, message } from './package.ts'
import { WebhookClientConfig } from './webhook-client-config.ts'

export const ValidatingWebhook = message(
  'ValidatingWebhook',
  {
    name: f(1, str).required().always().doc('Name of the webhook, a qualified domain name that is unique in its list.'),
    clientConfig: f(2, WebhookClientConfig).required().always().doc('How the webhook is reached.'),
    rules: f(3, list(RuleWithOperations))
      .listOf('atomic')
      .doc('Operations and resources of which one must match; without any the webhook is never called.'),
    failurePolicy: f(4, oneOf('Fail', 'Ignore'))
      .go('v1.FailurePolicyType')
      .explicit()
      .doc('What a failure does: `Fail` (default) refuses the request, `Ignore` goes on.'),
    matchPolicy: f(9, oneOf('Equivalent', 'Exact'))
      .go('v1.MatchPolicyType')
      .explicit()
      .doc('`Exact` for the versions named alone, `Equivalent` (default) also for others of the same resource.'),
    namespaceSelector: f(5, LabelSelector).doc('Namespaces of the objects, by label; all by default.'),
    objectSelector: f(10, LabelSelector).doc('Labels of the object or of the one it replaces; all by default.'),
    sideEffects: f(6, oneOf('None', 'NoneOnDryRun', 'Some', 'Unknown'))
      .orNull()
      .go('v1.SideEffectClass')
      .explicit()
      .required()
      .doc('Whether a call changes something else: `None`, or `NoneOnDryRun` for none in dry runs.'),
    timeoutSeconds: f(7, int32)
      .explicit()
      .doc('Seconds after which a call counts as failed, from 1 to 30; 10 by default.'),
    admissionReviewVersions: f(8, list(str))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('Versions of AdmissionReview that the webhook understands, the preferred one first.'),
    matchConditions: f(11, list(MatchCondition))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Conditions that must all be met, at most 64.'),
  },
  { doc: 'A webhook that may refuse requests.' },
)
export type ValidatingWebhook = TypeOf<typeof ValidatingWebhook>

export const ValidatingWebhookConfiguration = kind(
  'ValidatingWebhookConfiguration',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    webhooks: f(2, list(ValidatingWebhook)).listOf('map', 'name').patch('merge', 'name').doc('The webhooks.'),
  },
  {
    doc: 'Webhooks that may refuse requests.',
    resource: {
      plural: 'validatingwebhookconfigurations',
      singular: 'validatingwebhookconfiguration',
      categories: ['api-extensions'],
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type ValidatingWebhookConfiguration = TypeOf<typeof ValidatingWebhookConfiguration>

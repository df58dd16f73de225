/** Defaults of flow control, of webhooks and admission policies, and of custom resource definitions. */
import type { MatchResources, RuleWithOperations } from '../../api/admissionregistration/v1/match-resources.ts'
import type { MutatingAdmissionPolicy } from '../../api/admissionregistration/v1/mutating-admission-policy.ts'
import type { MutatingWebhookConfiguration } from '../../api/admissionregistration/v1/mutating-webhook-configuration.ts'
import type { ValidatingAdmissionPolicy } from '../../api/admissionregistration/v1/validating-admission-policy.ts'
import type { ValidatingWebhookConfiguration } from '../../api/admissionregistration/v1/validating-webhook-configuration.ts'
import type { CustomResourceDefinition } from '../../api/apiextensions/v1/custom-resource-definition.ts'
import type { APIService } from '../../api/apiregistration/v1/api-service.ts'
import type { FlowSchema } from '../../api/flowcontrol/v1/flow-schema.ts'
import type { PriorityLevelConfiguration } from '../../api/flowcontrol/v1/priority-level-configuration.ts'

export function defaultFlowSchema({ spec }: FlowSchema): void {
  if (!spec.matchingPrecedence) spec.matchingPrecedence = 1000
}

export function defaultPriorityLevel({ spec: { exempt, limited } }: PriorityLevelConfiguration): void {
  if (exempt) {
    exempt.nominalConcurrencyShares ??= 0
    exempt.lendablePercent ??= 0
  }
  if (!limited) return
  limited.nominalConcurrencyShares ??= 30
  limited.lendablePercent ??= 0
  const { queuing } = limited.limitResponse
  if (!queuing) return
  queuing.handSize ||= 8
  queuing.queues ||= 64
  queuing.queueLengthLimit ||= 50
}

export function defaultApiService({ spec: { service } }: APIService): void {
  if (service) service.port ??= 443
}

function defaultRules(rules: readonly RuleWithOperations[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= '*'
}

export function defaultWebhooks(configuration: ValidatingWebhookConfiguration | MutatingWebhookConfiguration): void {
  for (const hook of configuration.webhooks ?? []) {
    hook.failurePolicy ??= 'Fail'
    hook.matchPolicy ??= 'Equivalent'
    hook.namespaceSelector ??= {}
    hook.objectSelector ??= {}
    hook.timeoutSeconds ??= 10
    if (hook.clientConfig.service) hook.clientConfig.service.port ??= 443
    defaultRules(hook.rules)
  }
}

export function defaultMutatingWebhooks(configuration: MutatingWebhookConfiguration): void {
  defaultWebhooks(configuration)
  for (const hook of configuration.webhooks ?? []) hook.reinvocationPolicy ??= 'Never'
}

function defaultMatch(match: MatchResources | undefined): void {
  if (!match) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  defaultRules(match.resourceRules)
  defaultRules(match.excludeResourceRules)
}

export function defaultAdmissionPolicy({ spec }: ValidatingAdmissionPolicy | MutatingAdmissionPolicy): void {
  spec.failurePolicy ??= 'Fail'
  defaultMatch(spec.matchConstraints)
}

export const defaultPolicyBinding = ({ spec }: { spec: { matchResources?: MatchResources } }): void =>
  defaultMatch(spec.matchResources)

export function defaultDefinition({ spec, status }: CustomResourceDefinition): void {
  const { names } = spec
  if (!names.singular) names.singular = names.kind.toLowerCase()
  if (!names.listKind && names.kind !== '') names.listKind = `${names.kind}List`
  spec.conversion ??= { strategy: 'None' }
  const service = spec.conversion.webhook?.clientConfig?.service
  if (service) service.port ??= 443
  // The version in which the first object would be stored.
  const stored = spec.versions?.find(version => version.storage)
  if (!status.storedVersions?.length && stored) status.storedVersions = [stored.name]
}

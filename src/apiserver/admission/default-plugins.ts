import type { Clock } from '../../base/clock.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { EscalationCheck } from '../authorization/escalation.ts'
import type { RbacAuthorizer } from '../authorization/rbac-authorizer.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { ObjectWriter } from '../registry/object-writer.ts'
import { WebhookClient } from '../webhooks/webhook-client.ts'
import type { AdmissionPlugin } from './admission.ts'
import {
  CertificateApproval,
  CertificateSigning,
  CertificateSubjectRestriction,
  ClusterTrustBundleAttest,
  PodCertificateSigningCheck,
} from './certificates.ts'
import { PersistentVolumeClaimResize } from './claim-resize.ts'
import { DefaultIngressClass, DefaultStorageClass } from './default-classes.ts'
import { DefaultTolerationSeconds } from './default-toleration-seconds.ts'
import { DeviceClaimAuthorization } from './device-claims.ts'
import type { FindEquivalents } from './equivalent.ts'
import { LimitRanger } from './limit-ranger.ts'
import { NamespaceLifecycle } from './namespace-lifecycle.ts'
import { NodeDeclaredFeatureValidator } from './node-declared-features.ts'
import { NodeRestriction } from './node-restriction.ts'
import { OwnerReferencesPermissionEnforcement } from './owner-references.ts'
import { PodResizeValidator } from './pod-resize-validator.ts'
import { PodSecurity } from './pod-security.ts'
import { PodTopologyLabels } from './pod-topology-labels.ts'
import { MutatingPolicies } from './policies/mutating-policies.ts'
import { ValidatingPolicies } from './policies/validating-policies.ts'
import { Priority } from './priority.ts'
import { ResourceQuotaAdmission } from './resource-quota.ts'
import { RuntimeClassAdmission } from './runtime-class.ts'
import { ServiceAccountAdmission } from './service-account.ts'
import { StorageObjectInUseProtection } from './storage-object-in-use-protection.ts'
import { TaintNodesByCondition } from './taint-nodes-by-condition.ts'
import { MutatingWebhooks } from './webhooks/mutating-webhooks.ts'
import { ValidatingWebhooks } from './webhooks/validating-webhooks.ts'
import type { WebhookMetrics } from './webhooks/webhook-metrics.ts'

export interface AdmissionOptions {
  readonly reader: ObjectReader
  readonly writer: ObjectWriter
  readonly clock: Clock
  readonly authorizer: Authorizer
  readonly rbac: RbacAuthorizer
  readonly webhookClient?: WebhookClient
  readonly equivalents?: FindEquivalents
  readonly webhookMetrics?: WebhookMetrics
  /** Numbers in [0, 1). */
  readonly random: () => number
  /** Plugins that are off by default: `OwnerReferencesPermissionEnforcement`. */
  readonly enable?: readonly string[]
  readonly disable?: readonly string[]
}

const builtIn = new Set(['RBACEscalationCheck', 'PodCertificateSigningCheck', 'DeviceClaimAuthorization'])
const offByDefault = new Set(['OwnerReferencesPermissionEnforcement'])

/** The plugins in upstream's order. Throws RangeError for a name that is none of them. */
export function defaultAdmissionPlugins(options: AdmissionOptions): AdmissionPlugin[] {
  const { reader, writer, clock, authorizer, rbac, random, enable = [], disable = [] } = options
  const { equivalents = () => [] } = options
  const client = options.webhookClient ?? new WebhookClient({ reader, random })
  const webhooks = { reader, authorizer, client, equivalents, metrics: options.webhookMetrics }
  const all: readonly AdmissionPlugin[] = [
    new NamespaceLifecycle(reader),
    new LimitRanger(reader),
    new ServiceAccountAdmission(reader, random),
    new NodeRestriction(reader),
    new TaintNodesByCondition(),
    new PodSecurity(reader),
    new Priority(reader),
    new DefaultTolerationSeconds(),
    new DefaultStorageClass(reader),
    new StorageObjectInUseProtection(),
    new OwnerReferencesPermissionEnforcement(authorizer),
    new PersistentVolumeClaimResize(reader),
    new RuntimeClassAdmission(reader),
    new CertificateApproval(authorizer),
    new CertificateSigning(authorizer),
    new ClusterTrustBundleAttest(authorizer),
    new CertificateSubjectRestriction(),
    new DefaultIngressClass(reader),
    new PodTopologyLabels(reader),
    new NodeDeclaredFeatureValidator(reader),
    new PodResizeValidator(reader),
    new MutatingPolicies(reader, authorizer, equivalents),
    new MutatingWebhooks(webhooks),
    new ValidatingPolicies(reader, authorizer, equivalents),
    new ValidatingWebhooks(webhooks),
    // Upstream checks these in the storage of their kinds, where no flag turns them off.
    new EscalationCheck(rbac, authorizer),
    new PodCertificateSigningCheck(authorizer),
    new DeviceClaimAuthorization(reader, authorizer),
    // The last: what it has counted is not refused any more.
    new ResourceQuotaAdmission(reader, writer, clock),
  ]
  for (const name of [...enable, ...disable])
    if (!all.some(plugin => plugin.name === name))
      throw new RangeError(`unknown admission plugin ${JSON.stringify(name)}`)
  return all.filter(({ name }) => {
    if (builtIn.has(name)) return true
    return !disable.includes(name) && (enable.includes(name) || !offByDefault.has(name))
  })
}

/** Who may do what, put together over the server's caches: the parts that `createApiServer` takes. */
import { MutatingAdmissionPolicy } from '../../api/admissionregistration/v1/mutating-admission-policy.ts'
import { MutatingAdmissionPolicyBinding } from '../../api/admissionregistration/v1/mutating-admission-policy-binding.ts'
import { MutatingWebhookConfiguration } from '../../api/admissionregistration/v1/mutating-webhook-configuration.ts'
import { ValidatingAdmissionPolicy } from '../../api/admissionregistration/v1/validating-admission-policy.ts'
import { ValidatingAdmissionPolicyBinding } from '../../api/admissionregistration/v1/validating-admission-policy-binding.ts'
import { ValidatingWebhookConfiguration } from '../../api/admissionregistration/v1/validating-webhook-configuration.ts'
import { LimitRange } from '../../api/core/v1/limit-range.ts'
import { Namespace } from '../../api/core/v1/namespace.ts'
import { Node } from '../../api/core/v1/node.ts'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { ResourceQuota } from '../../api/core/v1/resource-quota.ts'
import { ServiceAccount } from '../../api/core/v1/service-account.ts'
import { IngressClass } from '../../api/networking/v1/ingress-class.ts'
import { RuntimeClass } from '../../api/node/v1/runtime-class.ts'
import { ClusterRole } from '../../api/rbac/v1/cluster-role.ts'
import { ClusterRoleBinding } from '../../api/rbac/v1/cluster-role-binding.ts'
import { Role } from '../../api/rbac/v1/role.ts'
import { RoleBinding } from '../../api/rbac/v1/role-binding.ts'
import { PriorityClass } from '../../api/scheduling/v1/priority-class.ts'
import { StorageClass } from '../../api/storage/v1/storage-class.ts'
import type { Clock } from '../../base/clock.ts'
import type { Kind } from '../../schema/kind.ts'
import type { AdmissionPlugin } from '../admission/admission.ts'
import { defaultAdmissionPlugins } from '../admission/default-plugins.ts'
import type { FindEquivalents } from '../admission/equivalent.ts'
import type { WebhookMetrics } from '../admission/webhooks/webhook-metrics.ts'
import type { Authenticator } from '../authentication/authenticator.ts'
import { anyTokenAuthenticator, createAuthenticator } from '../authentication/authenticators.ts'
import { BootstrapTokenAuthenticator } from '../authentication/bootstrap-token-authenticator.ts'
import { reviewHandlers } from '../authentication/review-handlers.ts'
import { ServiceAccountAuthenticator } from '../authentication/service-account-authenticator.ts'
import { TokenKeys } from '../authentication/token-keys.ts'
import { TokenIssuer } from '../authentication/token-request.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { mastersAuthorizer, unionAuthorizer } from '../authorization/authorizers.ts'
import { NodeAuthorizer } from '../authorization/node-authorizer.ts'
import { RbacAuthorizer } from '../authorization/rbac-authorizer.ts'
import type { CreateHandler } from '../endpoints/handlers.ts'
import type { IdentityDocuments } from '../endpoints/non-resource.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { ObjectWriter } from '../registry/object-writer.ts'
import { componentRoles } from './component-roles.ts'

/** What access control reads: these caches must be filled before the server takes requests. */
export const accessControlKinds: readonly Kind[] = [
  ClusterRole,
  ClusterRoleBinding,
  LimitRange,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  Namespace,
  Node,
  IngressClass,
  PersistentVolume,
  Pod,
  PriorityClass,
  ResourceQuota,
  Role,
  RoleBinding,
  RuntimeClass,
  ServiceAccount,
  StorageClass,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
]

export interface AccessControlOptions {
  readonly reader: ObjectReader
  readonly writer: ObjectWriter
  readonly clock: Clock
  /** Numbers in [0, 1). */
  readonly random: () => number
  readonly serviceAccountKey: { readonly privateKeyPem: string }
  /** Keys of an earlier time or of other servers. */
  readonly otherServiceAccountPublicKeyPems?: readonly string[]
  /** `https://kubernetes.default.svc.<cluster domain>`; also the audience of the server's own tokens. */
  readonly issuer: string
  /** Further audiences that are this server. */
  readonly audiences?: readonly string[]
  /** `host:port` as clients reach the server. */
  readonly serverAddress: () => string
  readonly allowAnonymous?: boolean
  readonly equivalents?: FindEquivalents
  readonly webhookMetrics?: WebhookMetrics
  readonly enableAdmission?: readonly string[]
  readonly disableAdmission?: readonly string[]
}

export interface AccessControl {
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly admissionPlugins: readonly AdmissionPlugin[]
  /** For `handlers.create`. */
  readonly createHandlers: ReadonlyMap<string, CreateHandler>
  readonly identity: IdentityDocuments
  readonly tokens: TokenIssuer
  /** Stops following the caches. */
  close(): void
}

export function createAccessControl(options: AccessControlOptions): AccessControl {
  const { reader, writer, clock, random, issuer, serviceAccountKey, serverAddress } = options
  const audiences = [issuer, ...(options.audiences ?? []).filter(audience => audience !== issuer)]
  const keys = new TokenKeys({
    issuer,
    privateKeyPem: serviceAccountKey.privateKeyPem,
    otherPublicKeyPems: options.otherServiceAccountPublicKeyPems ?? [],
  })
  const serviceAccounts = new ServiceAccountAuthenticator({ keys, audiences, reader, clock })
  const bearers = anyTokenAuthenticator([serviceAccounts, new BootstrapTokenAuthenticator(reader, clock, audiences)])
  const tokens = new TokenIssuer({ keys, audiences, reader, clock })
  const rbac = new RbacAuthorizer(reader)
  const nodes = new NodeAuthorizer(reader, componentRoles['system:node'] ?? [])
  const authorizer = unionAuthorizer([mastersAuthorizer, nodes, rbac])
  const admissionPlugins = defaultAdmissionPlugins({
    reader,
    writer,
    clock,
    authorizer,
    rbac,
    random,
    ...(options.equivalents ? { equivalents: options.equivalents } : {}),
    ...(options.webhookMetrics ? { webhookMetrics: options.webhookMetrics } : {}),
    enable: options.enableAdmission ?? [],
    disable: options.disableAdmission ?? [],
  })
  return {
    authenticator: createAuthenticator({ tokens: bearers, allowAnonymous: options.allowAnonymous ?? true, clock }),
    authorizer,
    admissionPlugins,
    createHandlers: reviewHandlers({ authenticator: bearers, tokens, authorizer, admission: admissionPlugins, clock }),
    identity: {
      openIdConfiguration: () => keys.discovery(`https://${serverAddress()}/openid/v1/jwks`),
      jwks: () => keys.jwks(),
    },
    tokens,
    close() {
      rbac.close()
      nodes.close()
    },
  }
}

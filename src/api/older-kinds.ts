/**
 * Versions that upstream knows and does not serve by default, older ones and alphas: declared so that objects in them can
 * be read and written wherever they turn up. Most differ from the served version in the name alone.
 */
import { type Changes, derivedKind, renamed, retagged, without } from '../schema/derived-kind.ts'
import { f } from '../schema/field.ts'
import type { Kind } from '../schema/kind.ts'
import { messagesOf } from '../schema/message.ts'
import { bytes, type Fields, int64, intOrString, map, str } from '../schema/type.ts'
import { AdmissionReview } from './admission/v1/admission-review.ts'
import { MutatingAdmissionPolicy } from './admissionregistration/v1/mutating-admission-policy.ts'
import { MutatingAdmissionPolicyBinding } from './admissionregistration/v1/mutating-admission-policy-binding.ts'
import { MutatingWebhookConfiguration } from './admissionregistration/v1/mutating-webhook-configuration.ts'
import { ValidatingAdmissionPolicy } from './admissionregistration/v1/validating-admission-policy.ts'
import { ValidatingAdmissionPolicyBinding } from './admissionregistration/v1/validating-admission-policy-binding.ts'
import { ValidatingWebhookConfiguration } from './admissionregistration/v1/validating-webhook-configuration.ts'
import { APIGroupDiscovery } from './apidiscovery/v2/api-group-discovery.ts'
import { StorageVersion } from './apiserverinternal/v1alpha1/storage-version.ts'
import { ControllerRevision } from './apps/v1/controller-revision.ts'
import { DaemonSet } from './apps/v1/daemon-set.ts'
import { Deployment } from './apps/v1/deployment.ts'
import { ReplicaSet } from './apps/v1/replica-set.ts'
import { StatefulSet } from './apps/v1/stateful-set.ts'
import { DeploymentRollback, RollbackConfig, Scale } from './apps/v1beta1/scale.ts'
import { SelfSubjectReview } from './authentication/v1/self-subject-review.ts'
import { TokenReview } from './authentication/v1/token-review.ts'
import { LocalSubjectAccessReview } from './authorization/v1/local-subject-access-review.ts'
import { SelfSubjectAccessReview } from './authorization/v1/self-subject-access-review.ts'
import { SelfSubjectRulesReview } from './authorization/v1/self-subject-rules-review.ts'
import { SubjectAccessReview } from './authorization/v1/subject-access-review.ts'
import { CronJob } from './batch/v1/cron-job.ts'
import { CertificateSigningRequest } from './certificates/v1/certificate-signing-request.ts'
import { ClusterTrustBundle } from './certificates/v1/cluster-trust-bundle.ts'
import { PodCertificateRequest } from './certificates/v1/pod-certificate-request.ts'
import { Lease } from './coordination/v1/lease.ts'
import { LeaseCandidate } from './coordination/v1beta1/lease-candidate.ts'
import { EndpointSlice } from './discovery/v1/endpoint-slice.ts'
import { Event } from './events/v1/event.ts'
import { FlowSchema } from './flowcontrol/v1/flow-schema.ts'
import { PriorityLevelConfiguration } from './flowcontrol/v1/priority-level-configuration.ts'
import { ImageReview } from './imagepolicy/v1alpha1/image-review.ts'
import * as lifecycle from './lifecycle/v1alpha1/eviction.ts'
import { APIGroup, APIGroupList, APIResourceList, APIVersions } from './meta/v1/discovery.ts'
import { WatchEvent } from './meta/v1/watch-event.ts'
import { Ingress } from './networking/v1/ingress.ts'
import { IngressClass } from './networking/v1/ingress-class.ts'
import { IPAddress } from './networking/v1/ip-address.ts'
import { NetworkPolicy } from './networking/v1/network-policy.ts'
import { ServiceCIDR } from './networking/v1/service-cidr.ts'
import { RuntimeClass } from './node/v1/runtime-class.ts'
import { Eviction } from './policy/v1/eviction.ts'
import { PodDisruptionBudget } from './policy/v1/pod-disruption-budget.ts'
import { ClusterRole } from './rbac/v1/cluster-role.ts'
import { ClusterRoleBinding } from './rbac/v1/cluster-role-binding.ts'
import { Role } from './rbac/v1/role.ts'
import { RoleBinding } from './rbac/v1/role-binding.ts'
import { DeviceClass } from './resource/v1/device-class.ts'
import { ExactDeviceRequest } from './resource/v1/device-request.ts'
import { DeviceTaintRule } from './resource/v1/device-taint-rule.ts'
import { ResourceClaim } from './resource/v1/resource-claim.ts'
import { ResourceClaimTemplate } from './resource/v1/resource-claim-template.ts'
import { ResourceSlice } from './resource/v1/resource-slice.ts'
import { ResourcePoolStatusRequest } from './resource/v1alpha3/resource-pool-status-request.ts'
import { PriorityClass } from './scheduling/v1/priority-class.ts'
import { CompositePodGroup, PodGroup } from './scheduling/v1beta1/pod-group.ts'
import { Workload } from './scheduling/v1beta1/workload.ts'
import { CSIDriver } from './storage/v1/csi-driver.ts'
import { CSINode } from './storage/v1/csi-node.ts'
import { CSIStorageCapacity } from './storage/v1/csi-storage-capacity.ts'
import { StorageClass } from './storage/v1/storage-class.ts'
import { VolumeAttachment } from './storage/v1/volume-attachment.ts'
import { VolumeAttributesClass } from './storage/v1/volume-attributes-class.ts'
import { StorageVersionMigration } from './storagemigration/v1/storage-version-migration.ts'

const versions = (groupVersion: string, hubs: readonly Kind[], changes: Changes = {}): Kind[] =>
  hubs.map(hub => derivedKind(hub, groupVersion, changes))

const rollback: Changes = {
  DeploymentSpec: fields => ({ ...fields, rollbackTo: f(8, RollbackConfig).doc('Revision to go back to.') }),
}

const templateGeneration: Changes = {
  DaemonSetSpec: fields => ({ ...fields, templateGeneration: f(5, int64).doc('Generation of the template.') }),
}

/** Backends by name and port, before they could be other objects. */
const flatBackends: Changes = {
  IngressSpec: fields => renamed(fields, 'defaultBackend', 'backend'),
  IngressBackend: fields => ({
    serviceName: f(1, str).doc('Name of the service.'),
    servicePort: f(2, intOrString).doc('Port of the service, by number or name.'),
    ...without(fields, 'service'),
  }),
}

const reviewGroup: Changes = { SubjectAccessReviewSpec: fields => renamed(fields, 'groups', 'group') }

const topologyMap: Changes = {
  Endpoint: fields => ({
    ...retagged(without(fields, 'deprecatedTopology', 'zone'), { hints: 7 }),
    topology: f(5, map(str)).doc('Topology labels of the endpoint.'),
  }),
}

const rbacAlpha: Changes = {
  PolicyRule: fields => retagged(fields, { apiGroups: 3, resources: 4, resourceNames: 5, nonResourceURLs: 6 }),
  Subject: (fields: Fields) => renamed(fields, 'apiGroup', 'apiVersion'),
}

const assuredShares: Changes = {
  LimitedPriorityLevelConfiguration: fields => renamed(fields, 'nominalConcurrencyShares', 'assuredConcurrencyShares'),
}

/** The public key and the proof of its owner by themselves, not in a certificate request. */
const barePublicKey: Changes = {
  PodCertificateRequestSpec: fields => ({
    ...fields,
    pkixPublicKey: f(9, bytes).doc('Public key in DER.'),
    proofOfPossession: f(10, bytes).doc('Signature over the UID of the pod.'),
  }),
}

const message = messagesOf('older')

/** What became members of the class itself was a specification. */
const runtimeClassSpec: Changes = {
  RuntimeClass: ({ metadata, handler, ...members }) => ({
    metadata: metadata!,
    spec: f(
      2,
      message('RuntimeClassSpec', {
        runtimeHandler: f(1, str).required().always().doc('Configuration of the container runtime.'),
        ...retagged(members, { overhead: 2, scheduling: 3 }),
      }),
    )
      .required()
      .always()
      .doc('How containers are run.'),
  }),
}

/** Requests had no alternatives to being exact, and devices no kinds other than the basic one. */
const flatRequests: Changes = {
  DeviceRequest: ({ name, firstAvailable }) => {
    const exact = retagged(ExactDeviceRequest.fields, shifted(ExactDeviceRequest.fields, 1))
    const { deviceClassName, tolerations, capacity, derivedAttributes, ...members } = exact
    return {
      name: name!,
      deviceClassName: f(2, str).doc('The class.'),
      ...members,
      ...retagged({ firstAvailable: firstAvailable! }, { firstAvailable: 7 }),
      ...retagged(
        { tolerations: tolerations!, capacity: capacity!, derivedAttributes: derivedAttributes! },
        {
          tolerations: 8,
          capacity: 9,
          derivedAttributes: 10,
        },
      ),
    }
  },
  DeviceSubRequest: fields => retagged(fields, { tolerations: 7, capacity: 8, derivedAttributes: 9 }),
  Device: ({ name, ...members }) => ({
    name: name!,
    basic: f(
      2,
      message('BasicDevice', retagged(members, { ...shifted(members, -1), nodeAllocatableResources: 14 })),
    ).doc('The device.'),
  }),
}

const shifted = (fields: Fields, by: number): Record<string, number> =>
  Object.fromEntries(Object.entries(fields).map(([name, { facts }]) => [name, facts.tag + by]))

const claims: readonly Kind[] = [DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice]
const storageAlphas: readonly Kind[] = [CSIStorageCapacity, VolumeAttachment, VolumeAttributesClass]
const policies: readonly Kind[] = [
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
]
const webhooks: readonly Kind[] = [MutatingWebhookConfiguration, ValidatingWebhookConfiguration]
const flowKinds: readonly Kind[] = [FlowSchema, PriorityLevelConfiguration]
const roles: readonly Kind[] = [ClusterRole, ClusterRoleBinding, Role, RoleBinding]
const reviews: readonly Kind[] = [SelfSubjectAccessReview, SelfSubjectRulesReview]
const reviewsWithGroups: readonly Kind[] = [LocalSubjectAccessReview, SubjectAccessReview]

export const olderKinds: readonly Kind[] = [
  ...[AdmissionReview, APIGroup, APIGroupDiscovery, APIGroupList, APIResourceList, APIVersions, WatchEvent],
  ...[DeploymentRollback, Scale, ImageReview, LeaseCandidate, PodGroup, StorageVersion, Workload],
  ResourcePoolStatusRequest,
  ...[lifecycle.Eviction, lifecycle.EvictionRequest],
  ...versions('admission.k8s.io/v1beta1', [AdmissionReview]),
  ...versions('admissionregistration.k8s.io/v1alpha1', policies),
  ...versions('admissionregistration.k8s.io/v1beta1', [...policies, ...webhooks]),
  ...versions('flowcontrol.apiserver.k8s.io/v1beta1', flowKinds, assuredShares),
  ...versions('flowcontrol.apiserver.k8s.io/v1beta2', flowKinds, assuredShares),
  ...versions('flowcontrol.apiserver.k8s.io/v1beta3', flowKinds),
  ...versions('apidiscovery.k8s.io/v2beta1', [APIGroupDiscovery]),
  ...versions('apps/v1beta1', [ControllerRevision, StatefulSet]),
  ...versions('apps/v1beta1', [Deployment], rollback),
  ...versions('apps/v1beta2', [ControllerRevision, DaemonSet, Deployment, ReplicaSet, Scale, StatefulSet]),
  ...versions('authentication.k8s.io/v1beta1', [SelfSubjectReview, TokenReview]),
  ...versions('authorization.k8s.io/v1beta1', reviews),
  ...versions('authorization.k8s.io/v1beta1', reviewsWithGroups, reviewGroup),
  ...versions('batch/v1beta1', [CronJob]),
  ...versions('certificates.k8s.io/v1alpha1', [ClusterTrustBundle]),
  ...versions('certificates.k8s.io/v1beta1', [CertificateSigningRequest, ClusterTrustBundle]),
  ...versions('certificates.k8s.io/v1beta1', [PodCertificateRequest], barePublicKey),
  ...versions('coordination.k8s.io/v1alpha2', [LeaseCandidate]),
  ...versions('coordination.k8s.io/v1beta1', [Lease]),
  ...versions('discovery.k8s.io/v1beta1', [EndpointSlice], topologyMap),
  ...versions('events.k8s.io/v1beta1', [Event]),
  ...versions('extensions/v1beta1', [DaemonSet], templateGeneration),
  ...versions('extensions/v1beta1', [Deployment], rollback),
  ...versions('extensions/v1beta1', [DeploymentRollback, NetworkPolicy, ReplicaSet, Scale]),
  ...versions('extensions/v1beta1', [Ingress], flatBackends),
  ...versions('networking.k8s.io/v1beta1', [IngressClass, IPAddress, ServiceCIDR]),
  ...versions('networking.k8s.io/v1beta1', [Ingress], flatBackends),
  ...versions('node.k8s.io/v1alpha1', [RuntimeClass], runtimeClassSpec),
  ...versions('node.k8s.io/v1beta1', [RuntimeClass]),
  ...versions('policy/v1beta1', [Eviction, PodDisruptionBudget]),
  ...versions('rbac.authorization.k8s.io/v1alpha1', roles, rbacAlpha),
  ...versions('rbac.authorization.k8s.io/v1beta1', roles),
  ...versions('resource.k8s.io/v1alpha3', [DeviceTaintRule]),
  ...versions('resource.k8s.io/v1beta1', claims, flatRequests),
  ...versions('resource.k8s.io/v1beta2', [...claims, DeviceTaintRule]),
  ...versions('scheduling.k8s.io/v1alpha3', [CompositePodGroup, PodGroup, Workload]),
  ...versions('scheduling.k8s.io/v1beta1', [PriorityClass]),
  ...versions('storage.k8s.io/v1alpha1', storageAlphas),
  ...versions('storage.k8s.io/v1beta1', [CSIDriver, CSINode, StorageClass, ...storageAlphas]),
  ...versions('storagemigration.k8s.io/v1beta1', [StorageVersionMigration]),
]

/** Groups and versions of upstream's scheme beside the served ones. Three have no kind of their own that is stored. */
export const olderGroupVersions: readonly { readonly group: string; readonly version: string }[] = [
  ...olderKinds.map(({ gvk }) => gvk).filter(({ group }) => group !== 'apidiscovery.k8s.io'),
  { group: 'apiextensions.k8s.io', version: 'v1beta1' },
  { group: 'apiregistration.k8s.io', version: 'v1beta1' },
  { group: 'authentication.k8s.io', version: 'v1alpha1' },
]

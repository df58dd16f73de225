/** The rules that each kind has beyond what its declaration says. */
import type { Kind } from '../../schema/kind.ts'
import * as definitions from './apiextensions/definition.ts'
import * as apps from './apps/workloads.ts'
import * as autoscaling from './autoscaling/autoscaler.ts'
import * as jobStatus from './batch/job-status.ts'
import * as batch from './batch/jobs.ts'
import * as podCertificates from './certificates/pod-request.ts'
import * as certificates from './certificates/signing-request.ts'
import * as trustBundles from './certificates/trust-bundle.ts'
import type { Errors } from './checks.ts'
import * as cluster from './core/cluster.ts'
import * as events from './core/event.ts'
import * as volumes from './core/persistent-volume.ts'
import * as claims from './core/persistent-volume-claim.ts'
import * as pods from './core/pod.ts'
import { checkPodResize } from './core/pod-resize.ts'
import * as podStatus from './core/pod-status.ts'
import * as services from './core/service.ts'
import * as data from './core/stored-data.ts'
import * as flow from './flowcontrol/flow-control.ts'
import * as networking from './networking/policies.ts'
import * as access from './policy/access.ts'
import * as apiServices from './registration/api-service.ts'
import * as policies from './registration/policies.ts'
import * as webhooks from './registration/webhooks.ts'
import * as claimStatus from './resource/claim-status.ts'
import * as deviceClaims from './resource/claims.ts'
import * as slices from './resource/slices.ts'
import * as deviceTaints from './resource/taints.ts'
import * as storageClasses from './storage/classes.ts'
import * as drivers from './storage/drivers.ts'
import * as runtimeClasses from './storage/runtime-class.ts'

/** An update of a subresource follows its own rules alone. Metadata and what declarations say are checked before. */
export interface KindRules {
  readonly create?: (out: Errors, object: never) => void
  readonly update?: (out: Errors, object: never, old: never) => void
  readonly subresources?: Readonly<Record<string, (out: Errors, object: never, old: never) => void>>
}

type Check = (out: Errors, object: never) => void

/** Rules that are the same for create and update. */
const always = (check: Check): KindRules => ({ create: check, update: check })

const core: Readonly<Record<string, KindRules>> = {
  Binding: { create: cluster.checkBinding },
  ConfigMap: { create: data.checkConfigMap, update: data.checkConfigMapUpdate },
  Endpoints: always(networking.checkEndpoints),
  Event: always(events.checkEvent),
  LimitRange: always(cluster.checkLimitRange),
  Namespace: {
    ...always(cluster.checkNamespace),
    subresources: { status: cluster.checkNamespaceStatus, finalize: cluster.checkNamespaceFinalizers },
  },
  Node: {
    create: cluster.checkNode,
    update: cluster.checkNodeUpdate,
    subresources: { status: cluster.checkNodeStatus },
  },
  PersistentVolume: { create: volumes.checkPersistentVolume, update: volumes.checkPersistentVolumeUpdate },
  PersistentVolumeClaim: {
    create: claims.checkClaim,
    update: claims.checkClaimUpdate,
    subresources: { status: claims.checkClaimStatus },
  },
  Pod: {
    create: pods.checkPod,
    update: pods.checkPodUpdate,
    subresources: {
      status: podStatus.checkPodStatusUpdate,
      ephemeralcontainers: pods.checkEphemeralContainersUpdate,
      resize: checkPodResize,
    },
  },
  PodTemplate: always(apps.checkStoredPodTemplate),
  ReplicationController: {
    ...always(apps.checkReplicationController),
    subresources: { status: apps.checkReplicaSetStatus },
  },
  ResourceQuota: {
    create: cluster.checkQuota,
    update: cluster.checkQuotaUpdate,
    subresources: { status: cluster.checkQuotaStatus },
  },
  Secret: { create: data.checkSecret, update: data.checkSecretUpdate },
  Service: {
    create: services.checkService,
    update: services.checkServiceUpdate,
    subresources: { status: services.checkServiceStatus },
  },
}

const workloads: Readonly<Record<string, KindRules>> = {
  'apps/v1/ControllerRevision': {
    create: apps.checkControllerRevision,
    update: apps.checkControllerRevisionUpdate,
  },
  'apps/v1/DaemonSet': {
    create: apps.checkDaemonSet,
    update: apps.checkDaemonSetUpdate,
    subresources: { status: apps.checkDaemonSetStatus },
  },
  'apps/v1/Deployment': {
    create: apps.checkDeployment,
    update: apps.checkDeploymentUpdate,
    subresources: { status: apps.checkDeploymentStatus },
  },
  'apps/v1/ReplicaSet': {
    create: apps.checkReplicaSet,
    update: apps.checkReplicaSetUpdate,
    subresources: { status: apps.checkReplicaSetStatus },
  },
  'apps/v1/StatefulSet': {
    create: apps.checkStatefulSetCreate,
    update: apps.checkStatefulSetUpdate,
    subresources: { status: apps.checkStatefulSetStatus },
  },
  'batch/v1/CronJob': { create: batch.checkCronJob, update: batch.checkCronJobUpdate },
  'batch/v1/Job': {
    create: batch.checkJob,
    update: batch.checkJobUpdate,
    subresources: { status: jobStatus.checkJobStatus },
  },
}

const rbac = 'rbac.authorization.k8s.io/v1'

const registration = 'admissionregistration.k8s.io/v1'
const flowControl = 'flowcontrol.apiserver.k8s.io/v1'

const registered: Readonly<Record<string, KindRules>> = {
  [`${registration}/MutatingAdmissionPolicy`]: always(policies.checkMutatingPolicy),
  [`${registration}/MutatingAdmissionPolicyBinding`]: always(policies.checkMutatingBinding),
  [`${registration}/MutatingWebhookConfiguration`]: {
    create: webhooks.checkWebhooks,
    update: webhooks.checkWebhooksUpdate,
  },
  [`${registration}/ValidatingAdmissionPolicy`]: {
    ...always(policies.checkValidatingPolicy),
    subresources: { status: policies.checkValidatingPolicyStatus },
  },
  [`${registration}/ValidatingAdmissionPolicyBinding`]: always(policies.checkValidatingBinding),
  [`${registration}/ValidatingWebhookConfiguration`]: {
    create: webhooks.checkWebhooks,
    update: webhooks.checkWebhooksUpdate,
  },
  'apiextensions.k8s.io/v1/CustomResourceDefinition': {
    create: definitions.checkDefinition,
    update: definitions.checkDefinitionUpdate,
    subresources: { status: definitions.checkDefinitionStatus },
  },
  'apiregistration.k8s.io/v1/APIService': {
    ...always(apiServices.checkApiService),
    subresources: { status: apiServices.checkApiServiceStatus },
  },
  [`${flowControl}/FlowSchema`]: {
    ...always(flow.checkFlowSchema),
    subresources: { status: flow.checkConditionsOf },
  },
  [`${flowControl}/PriorityLevelConfiguration`]: {
    ...always(flow.checkPriorityLevel),
    subresources: { status: flow.checkConditionsOf },
  },
}

const devices = 'resource.k8s.io/v1'

const deviceKinds: Readonly<Record<string, KindRules>> = {
  [`${devices}/DeviceClass`]: always(deviceClaims.checkDeviceClass),
  [`${devices}/DeviceTaintRule`]: {
    ...always(deviceTaints.checkTaintRule),
    subresources: { status: deviceTaints.checkTaintRuleStatus },
  },
  [`${devices}/ResourceClaim`]: {
    create: deviceClaims.checkResourceClaim,
    update: deviceClaims.checkResourceClaimUpdate,
    subresources: { status: claimStatus.checkResourceClaimStatus },
  },
  [`${devices}/ResourceClaimTemplate`]: {
    create: deviceClaims.checkClaimTemplate,
    update: deviceClaims.checkClaimTemplateUpdate,
  },
  [`${devices}/ResourceSlice`]: always(slices.checkResourceSlice),
}

const others: Readonly<Record<string, KindRules>> = {
  'authentication.k8s.io/v1/TokenRequest': { create: access.checkTokenRequest },
  'autoscaling/v1/HorizontalPodAutoscaler': {
    create: autoscaling.checkAutoscalerV1,
    update: autoscaling.checkAutoscalerV1Update,
    subresources: { status: autoscaling.checkAutoscalerV1Status },
  },
  'autoscaling/v2/HorizontalPodAutoscaler': {
    create: autoscaling.checkAutoscaler,
    update: autoscaling.checkAutoscalerUpdate,
    subresources: { status: autoscaling.checkAutoscalerStatus },
  },
  'autoscaling/v1/Scale': always(access.checkScale),
  'certificates.k8s.io/v1/CertificateSigningRequest': {
    create: certificates.checkSigningRequest,
    update: certificates.checkSigningRequestUpdate,
    subresources: {
      status: certificates.checkSigningRequestStatus,
      approval: certificates.checkSigningRequestApproval,
    },
  },
  'certificates.k8s.io/v1/ClusterTrustBundle': {
    create: trustBundles.checkTrustBundle,
    update: trustBundles.checkTrustBundleUpdate,
  },
  'certificates.k8s.io/v1/PodCertificateRequest': {
    create: podCertificates.checkPodCertificateRequest,
    update: podCertificates.checkPodCertificateRequestUpdate,
    subresources: { status: podCertificates.checkPodCertificateRequestStatus },
  },
  'coordination.k8s.io/v1/Lease': always(access.checkLease),
  'discovery.k8s.io/v1/EndpointSlice': {
    create: networking.checkEndpointSlice,
    update: networking.checkEndpointSliceUpdate,
  },
  'events.k8s.io/v1/Event': { create: events.checkGroupEvent, update: events.checkGroupEventUpdate },
  'networking.k8s.io/v1/IPAddress': { create: networking.checkIpAddress, update: networking.checkIpAddressUpdate },
  'networking.k8s.io/v1/Ingress': {
    create: networking.checkIngressCreate,
    update: networking.checkIngress,
    subresources: { status: networking.checkIngressStatus },
  },
  'networking.k8s.io/v1/IngressClass': {
    create: networking.checkIngressClass,
    update: networking.checkIngressClassUpdate,
  },
  'networking.k8s.io/v1/NetworkPolicy': always(networking.checkNetworkPolicy),
  'networking.k8s.io/v1/ServiceCIDR': {
    create: networking.checkServiceCidr,
    update: networking.checkServiceCidrUpdate,
  },
  'node.k8s.io/v1/RuntimeClass': {
    create: runtimeClasses.checkRuntimeClass,
    update: runtimeClasses.checkRuntimeClassUpdate,
  },
  'policy/v1/PodDisruptionBudget': {
    ...always(access.checkDisruptionBudget),
    subresources: { status: access.checkDisruptionBudgetStatus },
  },
  [`${rbac}/ClusterRole`]: always(access.checkClusterRole),
  [`${rbac}/ClusterRoleBinding`]: {
    create: access.checkClusterRoleBinding,
    update: access.checkClusterRoleBindingUpdate,
  },
  [`${rbac}/Role`]: always(access.checkRole),
  [`${rbac}/RoleBinding`]: { create: access.checkRoleBinding, update: access.checkRoleBindingUpdate },
  'scheduling.k8s.io/v1/PriorityClass': {
    create: access.checkPriorityClass,
    update: access.checkPriorityClassUpdate,
  },
  'storage.k8s.io/v1/CSIDriver': { create: drivers.checkCsiDriver, update: drivers.checkCsiDriverUpdate },
  'storage.k8s.io/v1/CSINode': {
    create: drivers.checkCsiNode,
    update: drivers.checkCsiNodeUpdate,
    subresources: { status: drivers.checkCsiNodeStatus },
  },
  'storage.k8s.io/v1/CSIStorageCapacity': {
    create: storageClasses.checkStorageCapacity,
    update: storageClasses.checkStorageCapacityUpdate,
  },
  'storage.k8s.io/v1/StorageClass': {
    create: storageClasses.checkStorageClass,
    update: storageClasses.checkStorageClassUpdate,
  },
  'storage.k8s.io/v1/VolumeAttachment': {
    create: drivers.checkVolumeAttachment,
    update: drivers.checkVolumeAttachmentUpdate,
    subresources: { status: drivers.checkVolumeAttachmentUpdate },
  },
  'storage.k8s.io/v1/VolumeAttributesClass': {
    create: storageClasses.checkVolumeAttributesClass,
    update: storageClasses.checkVolumeAttributesClassUpdate,
  },
  'storagemigration.k8s.io/v1/StorageVersionMigration': {
    create: runtimeClasses.checkStorageVersionMigration,
    update: runtimeClasses.checkStorageVersionMigrationUpdate,
    subresources: { status: runtimeClasses.checkStorageVersionMigrationStatus },
  },
}

const rules: ReadonlyMap<string, KindRules> = new Map([
  ...Object.entries(core).map(([kind, of]) => [`v1/${kind}`, of] as const),
  ...Object.entries({ ...workloads, ...registered, ...deviceKinds, ...others }),
])

export const rulesOf = (kind: Kind): KindRules | undefined => rules.get(`${kind.apiVersion}/${kind.gvk.kind}`)

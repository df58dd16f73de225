/** Fills in what a client may leave out: first what the declarations say, then what each kind's own rules add. */
import type { Kind } from '../schema/kind.ts'
import { customFactsOf } from './custom/custom-kind.ts'
import { fillCustom } from './custom/fill.ts'
import { defaultAutoscaler, defaultAutoscalerV1 } from './defaulting/autoscaling.ts'
import {
  defaultBinding,
  defaultLimitRange,
  defaultNamespace,
  defaultNode,
  defaultPriorityClass,
  defaultSecret,
  defaultTokenRequest,
} from './defaulting/cluster.ts'
import { defaultResourceClaim, defaultResourceClaimTemplate } from './defaulting/devices.ts'
import { fillMessage } from './defaulting/fill.ts'
import {
  defaultEndpointSlice,
  defaultEndpoints,
  defaultIngressClass,
  defaultNetworkPolicy,
  defaultService,
} from './defaulting/network.ts'
import { defaultPod } from './defaulting/pod-spec.ts'
import {
  defaultAdmissionPolicy,
  defaultApiService,
  defaultDefinition,
  defaultFlowSchema,
  defaultMutatingWebhooks,
  defaultPolicyBinding,
  defaultPriorityLevel,
  defaultWebhooks,
} from './defaulting/registration.ts'
import { defaultCsiDriver, defaultStorageClass } from './defaulting/storage-classes.ts'
import { defaultClaim, defaultPersistentVolume } from './defaulting/volumes.ts'
import {
  defaultCronJob,
  defaultDaemonSet,
  defaultDeployment,
  defaultJob,
  defaultPodTemplate,
  defaultReplicaSet,
  defaultReplicationController,
  defaultStatefulSet,
} from './defaulting/workloads.ts'

type Defaulter = (object: never) => void

const registration = 'admissionregistration.k8s.io/v1'
const rbac = 'rbac.authorization.k8s.io/v1'
const defaulters: ReadonlyMap<string, Defaulter> = new Map<string, Defaulter>([
  ['v1/Pod', defaultPod],
  ['v1/PodTemplate', defaultPodTemplate],
  ['v1/ReplicationController', defaultReplicationController],
  ['v1/Service', defaultService],
  ['v1/Endpoints', defaultEndpoints],
  ['v1/Namespace', defaultNamespace],
  ['v1/Node', defaultNode],
  ['v1/Secret', defaultSecret],
  ['v1/LimitRange', defaultLimitRange],
  ['v1/PersistentVolume', defaultPersistentVolume],
  ['v1/PersistentVolumeClaim', defaultClaim],
  ['apps/v1/Deployment', defaultDeployment],
  ['apps/v1/ReplicaSet', defaultReplicaSet],
  ['apps/v1/DaemonSet', defaultDaemonSet],
  ['apps/v1/StatefulSet', defaultStatefulSet],
  ['batch/v1/Job', defaultJob],
  ['batch/v1/CronJob', defaultCronJob],
  ['autoscaling/v1/HorizontalPodAutoscaler', defaultAutoscalerV1],
  ['autoscaling/v2/HorizontalPodAutoscaler', defaultAutoscaler],
  [`${registration}/MutatingAdmissionPolicy`, defaultAdmissionPolicy],
  [`${registration}/MutatingAdmissionPolicyBinding`, defaultPolicyBinding],
  [`${registration}/MutatingWebhookConfiguration`, defaultMutatingWebhooks],
  [`${registration}/ValidatingAdmissionPolicy`, defaultAdmissionPolicy],
  [`${registration}/ValidatingAdmissionPolicyBinding`, defaultPolicyBinding],
  [`${registration}/ValidatingWebhookConfiguration`, defaultWebhooks],
  ['apiextensions.k8s.io/v1/CustomResourceDefinition', defaultDefinition],
  ['apiregistration.k8s.io/v1/APIService', defaultApiService],
  ['flowcontrol.apiserver.k8s.io/v1/FlowSchema', defaultFlowSchema],
  ['flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration', defaultPriorityLevel],
  ['discovery.k8s.io/v1/EndpointSlice', defaultEndpointSlice],
  ['networking.k8s.io/v1/NetworkPolicy', defaultNetworkPolicy],
  ['networking.k8s.io/v1/IngressClass', defaultIngressClass],
  [`${rbac}/RoleBinding`, defaultBinding],
  [`${rbac}/ClusterRoleBinding`, defaultBinding],
  ['scheduling.k8s.io/v1/PriorityClass', defaultPriorityClass],
  ['authentication.k8s.io/v1/TokenRequest', defaultTokenRequest],
  ['resource.k8s.io/v1/ResourceClaim', defaultResourceClaim],
  ['resource.k8s.io/v1/ResourceClaimTemplate', defaultResourceClaimTemplate],
  ['storage.k8s.io/v1/CSIDriver', defaultCsiDriver],
  ['storage.k8s.io/v1/StorageClass', defaultStorageClass],
])

/**
 * Fills the defaults of an object in place; the object must be a fresh one that nobody else holds. Doing it again
 * changes nothing. Throws QuantityError on a quantity that is none, which the decoder refuses before.
 */
export function applyDefaults(kind: Kind, object: unknown): void {
  fillMessage(kind, object as Record<string, unknown>)
  const custom = customFactsOf(kind)
  if (custom) fillCustom(custom.schema, object)
  defaulters.get(`${kind.apiVersion}/${kind.gvk.kind}`)?.(object as never)
}

/** The printer of each kind that has columns of its own. A new kind's printer is named here. */
import type { Kind } from '../../schema/kind.ts'
import { customFactsOf } from '../custom/custom-kind.ts'
import { horizontalPodAutoscalerPrinter, horizontalPodAutoscalerV1Printer } from './autoscaler-printers.ts'
import { cronJobPrinter, jobPrinter } from './batch-printers.ts'
import {
  certificateSigningRequestPrinter,
  clusterTrustBundlePrinter,
  podCertificateRequestPrinter,
} from './certificate-printers.ts'
import {
  componentStatusPrinter,
  configMapPrinter,
  leasePrinter,
  namespacePrinter,
  priorityClassPrinter,
  resourceQuotaPrinter,
  secretPrinter,
  serviceAccountPrinter,
} from './core-printers.ts'
import { customPrinter } from './custom-printer.ts'
import {
  deviceTaintRulePrinter,
  plainAgePrinter,
  resourceClaimPrinter,
  resourceSlicePrinter,
} from './device-printers.ts'
import { coreEventPrinter, eventPrinter } from './event-printers.ts'
import {
  ingressClassPrinter,
  ingressPrinter,
  ipAddressPrinter,
  networkPolicyPrinter,
  serviceCidrPrinter,
} from './network-printers.ts'
import { nodePrinter } from './node-printer.ts'
import { podPrinter } from './pod-printer.ts'
import { podDisruptionBudgetPrinter, roleBindingPrinter } from './policy-printers.ts'
import { defaultPrinter, type Printer } from './printer.ts'
import {
  apiServicePrinter,
  customResourceDefinitionPrinter,
  flowSchemaPrinter,
  mutatingAdmissionPolicyPrinter,
  policyBindingPrinter,
  priorityLevelPrinter,
  validatingAdmissionPolicyPrinter,
  webhookConfigurationPrinter,
} from './registration-printers.ts'
import { endpointSlicePrinter, endpointsPrinter, servicePrinter } from './service-printers.ts'
import {
  csiDriverPrinter,
  csiNodePrinter,
  runtimeClassPrinter,
  storageClassPrinter,
  storageVersionMigrationPrinter,
  volumeAttachmentPrinter,
  volumeAttributesClassPrinter,
} from './storage-class-printers.ts'
import { persistentVolumeClaimPrinter, persistentVolumePrinter } from './storage-printers.ts'
import {
  controllerRevisionPrinter,
  daemonSetPrinter,
  deploymentPrinter,
  podTemplatePrinter,
  replicaSetPrinter,
  replicationControllerPrinter,
  scalePrinter,
  statefulSetPrinter,
} from './workload-printers.ts'

const printers: Readonly<Record<string, Printer>> = {
  'v1/ComponentStatus': componentStatusPrinter,
  'v1/ConfigMap': configMapPrinter,
  'v1/Endpoints': endpointsPrinter,
  'v1/Event': coreEventPrinter,
  'v1/Namespace': namespacePrinter,
  'v1/Node': nodePrinter,
  'v1/PersistentVolume': persistentVolumePrinter,
  'v1/PersistentVolumeClaim': persistentVolumeClaimPrinter,
  'v1/Pod': podPrinter,
  'v1/PodTemplate': podTemplatePrinter,
  'v1/ReplicationController': replicationControllerPrinter,
  'v1/ResourceQuota': resourceQuotaPrinter,
  'v1/Secret': secretPrinter,
  'v1/Service': servicePrinter,
  'v1/ServiceAccount': serviceAccountPrinter,
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicy': mutatingAdmissionPolicyPrinter,
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding': policyBindingPrinter,
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': webhookConfigurationPrinter,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy': validatingAdmissionPolicyPrinter,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding': policyBindingPrinter,
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': webhookConfigurationPrinter,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': customResourceDefinitionPrinter,
  'apiregistration.k8s.io/v1/APIService': apiServicePrinter,
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': flowSchemaPrinter,
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': priorityLevelPrinter,
  'apps/v1/ControllerRevision': controllerRevisionPrinter,
  'apps/v1/DaemonSet': daemonSetPrinter,
  'apps/v1/Deployment': deploymentPrinter,
  'apps/v1/ReplicaSet': replicaSetPrinter,
  'apps/v1/StatefulSet': statefulSetPrinter,
  'autoscaling/v1/HorizontalPodAutoscaler': horizontalPodAutoscalerV1Printer,
  'autoscaling/v2/HorizontalPodAutoscaler': horizontalPodAutoscalerPrinter,
  'autoscaling/v1/Scale': scalePrinter,
  'batch/v1/CronJob': cronJobPrinter,
  'batch/v1/Job': jobPrinter,
  'certificates.k8s.io/v1/CertificateSigningRequest': certificateSigningRequestPrinter,
  'certificates.k8s.io/v1/ClusterTrustBundle': clusterTrustBundlePrinter,
  'certificates.k8s.io/v1/PodCertificateRequest': podCertificateRequestPrinter,
  'coordination.k8s.io/v1/Lease': leasePrinter,
  'discovery.k8s.io/v1/EndpointSlice': endpointSlicePrinter,
  'events.k8s.io/v1/Event': eventPrinter,
  'networking.k8s.io/v1/IPAddress': ipAddressPrinter,
  'networking.k8s.io/v1/Ingress': ingressPrinter,
  'networking.k8s.io/v1/IngressClass': ingressClassPrinter,
  'networking.k8s.io/v1/NetworkPolicy': networkPolicyPrinter,
  'networking.k8s.io/v1/ServiceCIDR': serviceCidrPrinter,
  'node.k8s.io/v1/RuntimeClass': runtimeClassPrinter,
  'policy/v1/PodDisruptionBudget': podDisruptionBudgetPrinter,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': roleBindingPrinter,
  'rbac.authorization.k8s.io/v1/RoleBinding': roleBindingPrinter,
  'resource.k8s.io/v1/DeviceClass': plainAgePrinter,
  'resource.k8s.io/v1/DeviceTaintRule': deviceTaintRulePrinter,
  'resource.k8s.io/v1/ResourceClaim': resourceClaimPrinter,
  'resource.k8s.io/v1/ResourceClaimTemplate': plainAgePrinter,
  'resource.k8s.io/v1/ResourceSlice': resourceSlicePrinter,
  'scheduling.k8s.io/v1/PriorityClass': priorityClassPrinter,
  'storage.k8s.io/v1/CSIDriver': csiDriverPrinter,
  'storage.k8s.io/v1/CSINode': csiNodePrinter,
  'storage.k8s.io/v1/StorageClass': storageClassPrinter,
  'storage.k8s.io/v1/VolumeAttachment': volumeAttachmentPrinter,
  'storage.k8s.io/v1/VolumeAttributesClass': volumeAttributesClassPrinter,
  'storagemigration.k8s.io/v1/StorageVersionMigration': storageVersionMigrationPrinter,
}

export function printerOf(kind: Kind): Printer {
  const custom = customFactsOf(kind)
  if (custom) return customPrinter(custom)
  return printers[`${kind.apiVersion}/${kind.gvk.kind}`] ?? defaultPrinter
}

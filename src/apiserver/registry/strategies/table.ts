/** Which strategy each resource has, by `group/plural`. Resources that are not named behave plainly. */
import type { Strategy } from '../strategy.ts'
import * as certificates from './certificates.ts'
import * as devices from './devices.ts'
import { coreEventStrategy, eventsEventStrategy } from './events.ts'
import { jobStrategy } from './job.ts'
import { namespaceStrategy } from './namespace.ts'
import * as plain from './plain.ts'
import { podStrategy } from './pod.ts'
import * as registration from './registration.ts'
import * as storage from './storage-classes.ts'

const strategies: Readonly<Record<string, Strategy>> = {
  '/endpoints': plain.createOnUpdateStrategy,
  '/events': coreEventStrategy,
  '/limitranges': plain.limitRangeStrategy,
  '/namespaces': namespaceStrategy,
  '/nodes': plain.nodeStrategy,
  '/persistentvolumeclaims': plain.persistentVolumeClaimStrategy,
  '/persistentvolumes': plain.persistentVolumeStrategy,
  '/pods': podStrategy,
  '/replicationcontrollers': plain.replicationControllerStrategy,
  '/resourcequotas': plain.statusOnlyStrategy,
  '/secrets': plain.secretStrategy,
  '/serviceaccounts': plain.serviceAccountStrategy,
  'admissionregistration.k8s.io/mutatingadmissionpolicies': registration.policyWithoutStatus,
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings': registration.policyWithoutStatus,
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': registration.webhooksStrategy,
  'admissionregistration.k8s.io/validatingadmissionpolicies': registration.policyStrategy,
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': registration.policyWithoutStatus,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': registration.webhooksStrategy,
  'apiextensions.k8s.io/customresourcedefinitions': registration.definitionStrategy,
  'apiregistration.k8s.io/apiservices': registration.apiServiceStrategy,
  'flowcontrol.apiserver.k8s.io/flowschemas': plain.flowStrategy,
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': plain.flowStrategy,
  'apps/daemonsets': plain.daemonSetStrategy,
  'apps/deployments': plain.deploymentStrategy,
  'apps/replicasets': plain.replicaSetStrategy,
  'apps/statefulsets': plain.statefulSetStrategy,
  'autoscaling/horizontalpodautoscalers': plain.countedStrategy,
  'batch/cronjobs': plain.countedStrategy,
  'batch/jobs': jobStrategy,
  'coordination.k8s.io/leases': plain.leaseStrategy,
  'discovery.k8s.io/endpointslices': plain.endpointSliceStrategy,
  'events.k8s.io/events': eventsEventStrategy,
  'networking.k8s.io/ipaddresses': plain.ipAddressStrategy,
  'networking.k8s.io/ingressclasses': plain.countedWithoutStatus,
  'networking.k8s.io/ingresses': plain.countedStrategy,
  'networking.k8s.io/networkpolicies': plain.countedWithoutStatus,
  'networking.k8s.io/servicecidrs': plain.serviceCidrStrategy,
  'policy/poddisruptionbudgets': plain.budgetStrategy,
  '/podtemplates': plain.podTemplateStrategy,
  'rbac.authorization.k8s.io/clusterrolebindings': plain.createOnUpdateStrategy,
  'rbac.authorization.k8s.io/clusterroles': plain.createOnUpdateStrategy,
  'rbac.authorization.k8s.io/rolebindings': plain.createOnUpdateStrategy,
  'rbac.authorization.k8s.io/roles': plain.createOnUpdateStrategy,
  'scheduling.k8s.io/priorityclasses': plain.priorityClassStrategy,
  'certificates.k8s.io/certificatesigningrequests': certificates.certificateSigningRequestStrategy,
  'certificates.k8s.io/clustertrustbundles': certificates.clusterTrustBundleStrategy,
  'certificates.k8s.io/podcertificaterequests': certificates.podCertificateRequestStrategy,
  'node.k8s.io/runtimeclasses': storage.runtimeClassStrategy,
  'resource.k8s.io/deviceclasses': devices.deviceClassStrategy,
  'resource.k8s.io/devicetaintrules': devices.deviceTaintRuleStrategy,
  'resource.k8s.io/resourceclaims': devices.resourceClaimStrategy,
  'resource.k8s.io/resourceslices': devices.resourceSliceStrategy,
  'storage.k8s.io/csidrivers': storage.csiDriverStrategy,
  'storage.k8s.io/csinodes': storage.isolatedStatusKind,
  'storage.k8s.io/csistoragecapacities': storage.csiStorageCapacityStrategy,
  'storage.k8s.io/storageclasses': storage.storageClassStrategy,
  'storage.k8s.io/volumeattachments': storage.isolatedStatusKind,
  'storagemigration.k8s.io/storageversionmigrations': storage.isolatedStatusKind,
}

/** `given` holds the strategies that need more than their object, as that of services. */
export function strategyFor(group: string, plural: string, given: ReadonlyMap<string, Strategy>): Strategy {
  const key = `${group}/${plural}`
  return given.get(key) ?? strategies[key] ?? plain.plainStrategy
}

/** All controllers, and how they are started together. */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Client } from '../client/client.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import type { WorkQueueMetrics } from '../client/work-queue-metrics.ts'
import { attachDetachController } from './attach-detach/controller.ts'
import { bootstrapSigner } from './bootstrap-tokens/bootstrap-signer.ts'
import { tokenCleaner } from './bootstrap-tokens/token-cleaner.ts'
import { certificateController } from './certificate-signing/controller.ts'
import type { SigningAuthority } from './certificate-signing/plan.ts'
import { clusterDnsController } from './cluster-dns/controller.ts'
import { clusterRoleAggregationController } from './cluster-role-aggregation/controller.ts'
import { cronJobController } from './cron-job/controller.ts'
import { daemonSetController } from './daemon-set/controller.ts'
import { deploymentController } from './deployment/controller.ts'
import { disruptionController } from './disruption/controller.ts'
import { endpointSliceController } from './endpoint-slice/controller.ts'
import { endpointSliceMirroringController } from './endpoint-slice-mirroring/controller.ts'
import { endpointsController } from './endpoints/controller.ts'
import { ephemeralVolumeController } from './ephemeral-volume/controller.ts'
import { garbageCollector } from './garbage-collector/controller.ts'
import { horizontalPodAutoscalerController } from './horizontal-pod-autoscaler/controller.ts'
import { jobController } from './job/controller.ts'
import { localPathController } from './local-path/controller.ts'
import { namespaceController } from './namespace/controller.ts'
import { nodeCertificateApprover } from './node-certificates/controller.ts'
import { nodeIpamController } from './node-ipam/controller.ts'
import { nodeLifecycleController } from './node-lifecycle/controller.ts'
import { nodeTtlController } from './node-ttl/controller.ts'
import { persistentVolumeBinder } from './persistent-volume/controller.ts'
import { podCertificateRequestCleaner } from './pod-certificate-cleaner/controller.ts'
import { podGarbageCollector } from './pod-gc/controller.ts'
import { replicaSetController, replicationController } from './replica-set/controller.ts'
import { resourceClaimController } from './resource-claim/controller.ts'
import { resourceQuotaController } from './resource-quota/controller.ts'
import { rootCaPublisher } from './root-ca-publisher/controller.ts'
import { type ControllerDefinition, runController } from './runtime/controller.ts'
import { serviceAccountController } from './service-account/controller.ts'
import { serviceCidrsController } from './service-cidrs/controller.ts'
import { statefulSetController } from './stateful-set/controller.ts'
import {
  attributesClassProtectionController,
  claimProtectionController,
  volumeProtectionController,
} from './storage-protection/controllers.ts'
import { storageVersionMigrator } from './storage-version-migrator/controller.ts'
import { taintEvictionController } from './taint-eviction/controller.ts'
import { trustBundlePublisher } from './trust-bundle-publisher/controller.ts'
import { ttlAfterFinishedController } from './ttl-after-finished/controller.ts'
import { validatingAdmissionPolicyStatusController } from './validating-admission-policy-status/controller.ts'

export interface ControllersOptions {
  /** As the flag `--controllers` of kube-controller-manager: a name, `-name`, or `*` for all that are not named; absent: `*`. */
  readonly choice?: readonly string[]
  /** PEM of the certificate authority that pods check the API server against; absent: it is not published. */
  readonly rootCa?: string
  /** The authority that signs what the certificates API asks for; absent: another signer does. */
  readonly signing?: SigningAuthority
  /** Pod addresses of the whole cluster, as `10.244.0.0/16`; absent: nodes get no ranges. */
  readonly clusterCidr?: string
  readonly nodeMaskSize?: number
  /** Silence after which a node's state is unknown; 40 s where absent. */
  readonly nodeMonitorGraceMs?: number
  /** Ended pods that are kept; 12,500 where absent. */
  readonly maxTerminatedPods?: number
}

export interface ControllersDependencies {
  /** The client of a controller's own identity: user `system:serviceaccount:kube-system:<name>`. */
  readonly clientFor: (controllerName: string) => Client
  /** Shared by all controllers, under the identity `system:kube-controller-manager`. Not started before. */
  readonly informers: InformerFactory
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
  readonly log: Logger
  readonly queueMetrics?: WorkQueueMetrics
  readonly options?: ControllersOptions
}

/** The first entry that names the controller decides; else whether there is a `*`. */
export const isChosen = (name: string, choice: readonly string[]): boolean =>
  (choice.find(entry => entry === name || entry === `-${name}`) ?? (choice.includes('*') ? name : '')) === name

const definitions = (options: ControllersOptions, signal: AbortSignal): readonly ControllerDefinition[] => [
  replicaSetController,
  replicationController,
  deploymentController,
  statefulSetController,
  daemonSetController,
  jobController,
  ttlAfterFinishedController,
  cronJobController,
  ...(options.clusterCidr === undefined
    ? []
    : [
        nodeIpamController({
          clusterCidr: options.clusterCidr,
          ...(options.nodeMaskSize === undefined ? {} : { nodeMaskSize: options.nodeMaskSize }),
        }),
      ]),
  nodeLifecycleController(options.nodeMonitorGraceMs ?? 40_000),
  taintEvictionController,
  podGarbageCollector({ maxTerminated: options.maxTerminatedPods ?? 12_500 }),
  clusterRoleAggregationController,
  disruptionController,
  endpointSliceController,
  endpointSliceMirroringController,
  endpointsController,
  namespaceController,
  resourceQuotaController,
  certificateController(options.signing),
  nodeCertificateApprover,
  bootstrapSigner,
  tokenCleaner,
  clusterDnsController,
  persistentVolumeBinder,
  attachDetachController,
  localPathController,
  claimProtectionController,
  volumeProtectionController,
  attributesClassProtectionController,
  serviceAccountController,
  validatingAdmissionPolicyStatusController,
  ...(options.rootCa === undefined ? [] : [rootCaPublisher(options.rootCa), trustBundlePublisher(options.rootCa)]),
  horizontalPodAutoscalerController,
  storageVersionMigrator,
  resourceClaimController,
  podCertificateRequestCleaner,
  ephemeralVolumeController,
  nodeTtlController,
  serviceCidrsController,
  garbageCollector(signal),
]

/** Starts the controllers and their informers. Resolves after the signal has aborted and the last plan under way has ended. */
export async function startControllers(needs: ControllersDependencies): Promise<void> {
  const { clientFor, informers, clock, random, signal, log, queueMetrics, options = {} } = needs
  const choice = options.choice ?? ['*']
  const chosen = definitions(options, signal).filter(({ name }) => isChosen(name, choice))
  const running = chosen.map(definition =>
    runController(
      definition,
      { client: clientFor(definition.name), informers, clock, random, log, queueMetrics },
      signal,
    ),
  )
  informers.start(signal)
  await Promise.all(running)
}

/** Defaults of pods and pod templates (upstream: SetDefaults_PodSpec, SetDefaults_Container, SetDefaults_Probe and their kin). */
import type { Container, EphemeralContainer } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import type { HTTPGetAction, LifecycleHandler, Probe } from '../../api/core/v1/probe.ts'
import type { ResourceRequirements } from '../../api/core/v1/resources.ts'
import { isLatest } from './image-reference.ts'
import { defaultVolumes } from './volumes.ts'

/** Everything that a pod itself gets, beyond what its spec has in common with a template's. */
export function defaultPod(pod: Pod): void {
  const { spec, status } = pod
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    requestsFromLimits(container.resources)
  }
  spec.enableServiceLinks ??= true
  // For pods alone, not for templates.
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1
  defaultPodSpec(spec)
  if (spec.hostNetwork) {
    for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
      for (const port of container.ports ?? []) port.hostPort ??= port.containerPort
    }
  }
  if (status.podIP !== undefined && !status.podIPs?.length) status.podIPs = [{ ip: status.podIP }]
  const first = status.podIPs?.[0]?.ip
  if (first !== undefined) status.podIP ??= first
}

/** What the spec of a pod and of a template have in common. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ??= 'Always'
  spec.dnsPolicy ??= 'ClusterFirst'
  spec.terminationGracePeriodSeconds ??= 30
  spec.securityContext ??= {}
  spec.schedulerName ??= 'default-scheduler'
  // The deprecated name and the current one always show the same.
  if (spec.serviceAccountName === undefined && spec.serviceAccount !== undefined) {
    spec.serviceAccountName = spec.serviceAccount
  }
  if (spec.serviceAccountName !== undefined) spec.serviceAccount = spec.serviceAccountName
  if (spec.volumes) defaultVolumes(spec.volumes)
  for (const container of spec.initContainers ?? []) defaultContainer(container)
  for (const container of spec.containers ?? []) defaultContainer(container)
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container)
}

function defaultContainer(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ??= isLatest(container.image ?? '') ? 'Always' : 'IfNotPresent'
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
  for (const variable of container.env ?? []) {
    const fieldRef = variable.valueFrom?.fieldRef
    if (fieldRef) fieldRef.apiVersion ??= 'v1'
    const resource = variable.valueFrom?.resourceFieldRef
    if (resource) resource.divisor ??= '0'
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) defaultProbe(probe)
  }
  defaultHandler(container.lifecycle?.postStart)
  defaultHandler(container.lifecycle?.preStop)
}

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ??= 1
  probe.periodSeconds ??= 10
  probe.successThreshold ??= 1
  probe.failureThreshold ??= 3
  if (probe.httpGet) defaultHttpGet(probe.httpGet)
}

function defaultHandler(handler: LifecycleHandler | undefined): void {
  if (handler?.httpGet) defaultHttpGet(handler.httpGet)
}

function defaultHttpGet(action: HTTPGetAction): void {
  action.path ??= '/'
  action.scheme ??= 'HTTP'
}

/** A limit without a request is the request too. */
function requestsFromLimits(resources: ResourceRequirements | undefined): void {
  if (!resources?.limits) return
  resources.requests ??= {}
  for (const [name, limit] of Object.entries(resources.limits)) resources.requests[name] ??= limit
}

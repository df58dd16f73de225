/** Containers of every sort (upstream: validateContainers, validateInitContainers, validateEphemeralContainers). */
import type { Container, ContainerPort, EphemeralContainer, VolumeMount } from '../../../api/core/v1/container.ts'
import type { PodSpec } from '../../../api/core/v1/pod-spec.ts'
import type { Volume } from '../../../api/core/v1/volume.ts'
import {
  duplicate,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
  tooMany,
} from '../../../schema/field-error.ts'
import { dns1123LabelErrors, portErrors, portNameErrors } from '../../../schema/formats.ts'
import { checkOneOf, type Errors, pushInvalid } from '../checks.ts'
import { checkEnv, checkEnvFrom } from './env.ts'
import { checkHandler, checkProbe } from './probe.ts'
import { checkResizePolicy, checkResources } from './resources.ts'
import { checkDescending, checkSecurityContext } from './security-context.ts'

type AnyContainer = Container | EphemeralContainer

interface Surroundings {
  readonly spec: PodSpec
  readonly volumes: ReadonlyMap<string, Volume>
  readonly claims: ReadonlySet<string>
}

/** `volumes` are those that have no fault of their own. */
export function checkContainers(out: Errors, path: string, spec: PodSpec, volumes: ReadonlyMap<string, Volume>): void {
  const surroundings: Surroundings = { spec, volumes, claims: claimNames(spec) }
  const names = new Set<string>()
  spec.containers?.forEach((container, i) => {
    const at = `${path}.containers[${i}]`
    checkCommon(out, at, container, surroundings)
    checkUnique(out, at, container.name, names)
    checkLifecycleAndProbes(out, at, container, spec.terminationGracePeriodSeconds)
    checkRestartPolicy(out, at, container)
  })
  checkHostPorts(out, `${path}.containers`, spec.containers ?? [])
  spec.initContainers?.forEach((container, i) => {
    checkInitContainer(out, `${path}.initContainers[${i}]`, container, surroundings, names)
  })
  checkEphemeralContainers(out, path, spec, surroundings, names)
}

export const claimNames = (spec: PodSpec): ReadonlySet<string> =>
  new Set(spec.resourceClaims?.map(({ name }) => name).filter(name => name !== ''))

function checkInitContainer(
  out: Errors,
  path: string,
  container: Container,
  surroundings: Surroundings,
  names: Set<string>,
): void {
  checkCommon(out, path, container, surroundings)
  checkRestartPolicy(out, path, container)
  checkUnique(out, path, container.name, names)
  // They run one after the other, so that the host ports of several may repeat.
  checkHostPorts(out, path.replace(/\[\d+\]$/, ''), [container])
  if (container.restartPolicy === 'Always') {
    checkLifecycleAndProbes(out, path, container, surroundings.spec.terminationGracePeriodSeconds)
    return
  }
  for (const name of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (container[name])
      out.push(forbidden(`${path}.${name}`, 'may not be set for init containers without restartPolicy=Always'))
  }
  container.resizePolicy?.forEach(({ restartPolicy }, i) => {
    if (restartPolicy === 'RestartContainer')
      out.push(
        invalid(
          `${path}.resizePolicy[${i}].restartPolicy`,
          restartPolicy,
          "must not be set to 'RestartContainer' for non-sidecar initContainers",
        ),
      )
  })
}

function checkUnique(out: Errors, path: string, name: string, names: Set<string>): void {
  if (names.has(name)) out.push(duplicate(`${path}.name`, name))
  else if (name !== '') names.add(name)
}

function checkHostPorts(out: Errors, path: string, containers: readonly Container[]): void {
  const uses = new Set<string>()
  containers.forEach(({ ports }, i) => {
    ports?.forEach(({ protocol, hostIP = '', hostPort }, j) => {
      if (!hostPort) return
      const use = `${protocol}/${hostIP}/${hostPort}`
      if (uses.has(use)) out.push(duplicate(`${path}[${i}].ports[${j}].hostPort`, use))
      uses.add(use)
    })
  })
}

/** In the order of a container's fields. */
const notForEphemeral = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const

const isGiven = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.values(value).some(member => member !== undefined)
    : value !== undefined

function checkEphemeralContainers(
  out: Errors,
  path: string,
  spec: PodSpec,
  surroundings: Surroundings,
  names: Set<string>,
): void {
  const targets = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(container => container.name))
  spec.ephemeralContainers?.forEach((container, i) => {
    const at = `${path}.ephemeralContainers[${i}]`
    checkCommon(out, at, container, surroundings)
    if (container.image && container.image.trim() !== container.image)
      out.push(invalid(`${at}.image`, container.image, 'must not have leading or trailing whitespace'))
    checkUnique(out, at, container.name ?? '', names)
    if (container.targetContainerName && !targets.has(container.targetContainerName)) {
      out.push(notFound(`${at}.targetContainerName`, container.targetContainerName))
    }
    for (const name of notForEphemeral) {
      const value = (container as unknown as Record<string, unknown>)[name]
      if (name === 'resources' ? isGiven(value) : value !== undefined)
        out.push(forbidden(`${at}.${name}`, 'cannot be set for an Ephemeral Container'))
    }
    container.volumeMounts?.forEach((mount, j) => {
      if (mount.subPath)
        out.push(forbidden(`${at}.volumeMounts[${j}].subPath`, 'cannot be set for an Ephemeral Container'))
      if (mount.subPathExpr) {
        out.push(forbidden(`${at}.volumeMounts[${j}].subPathExpr`, 'cannot be set for an Ephemeral Container'))
      }
    })
  })
}

function checkCommon(out: Errors, path: string, container: AnyContainer, surroundings: Surroundings): void {
  const { spec } = surroundings
  if (!container.name) out.push(required(`${path}.name`))
  else pushInvalid(out, `${path}.name`, container.name, dns1123LabelErrors(container.name))
  if (!container.image) out.push(required(`${path}.image`))
  checkEnum(out, `${path}.terminationMessagePolicy`, container.terminationMessagePolicy, messagePolicies)
  checkPorts(out, `${path}.ports`, container.ports)
  checkEnv(out, `${path}.env`, container.env)
  checkEnvFrom(out, `${path}.envFrom`, container.envFrom)
  checkMounts(out, path, container, surroundings.volumes)
  checkEnum(out, `${path}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'])
  checkResources(out, `${path}.resources`, container.resources, surroundings.claims)
  checkResizePolicy(out, `${path}.resizePolicy`, container.resizePolicy ?? [], spec.restartPolicy)
  checkSecurityContext(out, `${path}.securityContext`, container.securityContext, spec.hostUsers !== false)
}

const messagePolicies = ['File', 'FallbackToLogsOnError']

/** An unset value has its default, but in ephemeral containers that are not defaulted. */
function checkEnum(out: Errors, path: string, value: string | undefined, values: readonly string[]): void {
  if (value !== undefined) checkOneOf(out, path, value, values)
}

function checkPorts(out: Errors, path: string, ports: readonly ContainerPort[] | undefined): void {
  const names = new Set<string>()
  ports?.forEach((port, i) => {
    const at = `${path}[${i}]`
    if (port.name) {
      const messages = portNameErrors(port.name)
      pushInvalid(out, `${at}.name`, port.name, messages)
      if (messages.length === 0 && names.has(port.name)) out.push(duplicate(`${at}.name`, port.name))
      names.add(port.name)
    }
    if (port.containerPort === 0) out.push(required(`${at}.containerPort`))
    else pushInvalid(out, `${at}.containerPort`, port.containerPort, portErrors(port.containerPort))
    if (port.hostPort) pushInvalid(out, `${at}.hostPort`, port.hostPort, portErrors(port.hostPort))
  })
}

function checkMounts(out: Errors, path: string, container: AnyContainer, volumes: ReadonlyMap<string, Volume>): void {
  const places = new Set<string>()
  const devicePaths = new Set(container.volumeDevices?.map(device => device.devicePath))
  const deviceNames = new Set(container.volumeDevices?.map(device => device.name))
  container.volumeMounts?.forEach((mount, i) => {
    const at = `${path}.volumeMounts[${i}]`
    if (mount.name === '') out.push(required(`${at}.name`))
    if (!volumes.has(mount.name)) out.push(notFound(`${at}.name`, mount.name))
    if (mount.mountPath === '') out.push(required(`${at}.mountPath`))
    if (places.has(mount.mountPath)) {
      out.push(invalid(`${at}.mountPath`, mount.mountPath, 'must be unique'))
    }
    places.add(mount.mountPath)
    if (deviceNames.has(mount.name))
      out.push(invalid(`${at}.name`, mount.name, 'must not already exist in volumeDevices'))
    if (devicePaths.has(mount.mountPath)) {
      out.push(invalid(`${at}.mountPath`, mount.mountPath, 'must not already exist as a path in volumeDevices'))
    }
    checkSubPath(out, `${path}.volumeMounts`, at, mount)
    checkEnum(out, `${path}.volumeMounts.mountPropagation`, mount.mountPropagation, propagations)
    if (mount.mountPropagation === 'Bidirectional' && !container.securityContext?.privileged) {
      out.push(
        forbidden(
          `${path}.volumeMounts.mountPropagation`,
          'Bidirectional mount propagation is available only to privileged containers',
        ),
      )
    }
    checkRecursiveReadOnly(out, `${path}.volumeMounts.recursiveReadOnly`, mount)
  })
  checkDevices(out, `${path}.volumeDevices`, container, volumes)
}

const propagations = ['Bidirectional', 'HostToContainer', 'None']

/** Upstream leaves the index out of some of these paths. */
function checkSubPath(out: Errors, path: string, at: string, mount: VolumeMount): void {
  if (mount.subPath) checkDescending(out, `${path}.subPath`, mount.subPath)
  if (!mount.subPathExpr) return
  if (mount.subPath) {
    out.push(invalid(`${at}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
  }
  checkDescending(out, `${path}.subPathExpr`, mount.subPathExpr)
}

function checkRecursiveReadOnly(out: Errors, path: string, mount: VolumeMount): void {
  const value = mount.recursiveReadOnly
  if (value === undefined) return
  const values = ['Disabled', 'Enabled', 'IfPossible']
  if (!values.includes(value)) out.push(notSupported(path, value, values))
  else if (value !== 'Disabled') {
    if (!mount.readOnly) out.push(forbidden(path, 'may only be specified when readOnly is true'))
    if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
      out.push(forbidden(path, 'may only be specified when mountPropagation is None or not specified'))
    }
  }
}

function checkDevices(out: Errors, path: string, container: AnyContainer, volumes: ReadonlyMap<string, Volume>): void {
  const names = new Set<string>()
  const places = new Set<string>()
  const mounts = container.volumeMounts ?? []
  container.volumeDevices?.forEach(({ name, devicePath }, i) => {
    const at = `${path}[${i}]`
    const volume = volumes.get(name)
    if (name === '') out.push(required(`${at}.name`))
    if (names.has(name)) out.push(invalid(`${at}.name`, name, 'must be unique'))
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) out.push(invalid(`${at}.name`, name, onlyClaims))
    if (!volume) out.push(notFound(`${at}.name`, name))
    if (devicePath === '') out.push(required(`${at}.devicePath`))
    if (places.has(devicePath)) out.push(invalid(`${at}.devicePath`, devicePath, 'must be unique'))
    if (devicePath.split('/').includes('..'))
      out.push(invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"))
    else places.add(devicePath)
    if (mounts.some(mount => mount.name === name))
      out.push(invalid(`${at}.name`, name, 'must not already exist in volumeMounts'))
    if (mounts.some(mount => mount.mountPath === devicePath))
      out.push(invalid(`${at}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'))
    if (name !== '') names.add(name)
  })
}

const onlyClaims = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'

function checkLifecycleAndProbes(
  out: Errors,
  path: string,
  container: Container,
  graceSeconds: number | undefined,
): void {
  for (const name of ['postStart', 'preStop'] as const) {
    const handler = container.lifecycle?.[name]
    if (handler) checkHandler(out, `${path}.lifecycle.${name}`, handler, graceSeconds)
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[name]
    if (probe) checkProbe(out, `${path}.${name}`, probe, name, graceSeconds)
  }
}

/** KEP-753 for init containers, KEP-5307 for all. */
function checkRestartPolicy(out: Errors, path: string, { restartPolicy, restartPolicyRules = [] }: Container): void {
  if (restartPolicy === undefined) {
    if (restartPolicyRules.length === 0) return
    out.push(required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'))
    // Upstream looks no further for init containers.
    if (path.includes('.initContainers[')) return
  } else checkOneOf(out, `${path}.restartPolicy`, restartPolicy, ['Always', 'Never', 'OnFailure'])
  const at = `${path}.restartPolicyRules`
  if (restartPolicyRules.length > 20) out.push(tooMany(at, restartPolicyRules.length, 20))
  restartPolicyRules.forEach(({ action, exitCodes }, i) => {
    checkOneOf(out, `${at}[${i}].action`, action ?? '', ['Restart', 'RestartAllContainers'])
    if (!exitCodes) {
      out.push(required(`${at}[${i}].exitCodes`, 'must be specified'))
      return
    }
    checkOneOf(out, `${at}[${i}].exitCodes.operator`, exitCodes.operator ?? '', ['In', 'NotIn'])
    const count = exitCodes.values?.length ?? 0
    if (count > 255) out.push(tooMany(`${at}[${i}].exitCodes.values`, count, 255))
  })
}

/** Containers of every sort (upstream: validateContainers, validateInitContainers, validateEphemeralContainers). */
import type { Container, ContainerPort, EphemeralContainer, VolumeMount } from '../../../api/core/v1/container.ts'
import type { PodSpec } from '../../../api/core/v1/pod-spec.ts'
import type { Volume } from '../../../api/core/v1/volume.ts'
import { duplicate, forbidden, invalid, notFound, notSupported, required } from '../../../schema/field-error.ts'
import { dns1123LabelErrors, portErrors, portNameErrors } from '../../../schema/formats.ts'
import { type Errors, pushInvalid } from '../checks.ts'
import { checkEnv, checkEnvFrom } from './env.ts'
import { checkHandler, checkProbe } from './probe.ts'
import { checkResizePolicy, checkResources } from './resources.ts'
import { checkDescending, checkSecurityContext } from './security-context.ts'

type AnyContainer = Container | EphemeralContainer

interface Surroundings {
  readonly spec: PodSpec
  readonly volumes: ReadonlyMap<string, Volume>
  readonly claims: ReadonlySet<string>
  /** `hostPort` uses seen, as `TCP//80`. */
  readonly hostPorts: Set<string>
}

export function checkContainers(out: Errors, path: string, spec: PodSpec): void {
  const surroundings: Surroundings = {
    spec,
    volumes: new Map(spec.volumes?.map(volume => [volume.name, volume])),
    claims: new Set(spec.resourceClaims?.map(claim => claim.name)),
    hostPorts: new Set(),
  }
  const names = new Set<string>()
  spec.containers?.forEach((container, i) => {
    const at = `${path}.containers[${i}]`
    checkName(out, `${at}.name`, container.name, names)
    checkCommon(out, at, container, surroundings)
    checkLifecycleAndProbes(out, at, container, spec.terminationGracePeriodSeconds)
    checkRestartPolicy(out, at, container, false)
    if (container.resizePolicy) checkResizePolicy(out, `${at}.resizePolicy`, container.resizePolicy)
  })
  spec.initContainers?.forEach((container, i) => {
    const at = `${path}.initContainers[${i}]`
    checkName(out, `${at}.name`, container.name, names)
    // Init containers run one after the other, so their host ports may repeat.
    checkCommon(out, at, container, { ...surroundings, hostPorts: new Set() })
    checkRestartPolicy(out, at, container, true)
    if (container.restartPolicy === 'Always') {
      checkLifecycleAndProbes(out, at, container, spec.terminationGracePeriodSeconds)
      if (container.resizePolicy) checkResizePolicy(out, `${at}.resizePolicy`, container.resizePolicy)
      return
    }
    for (const name of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[name]) {
        out.push(forbidden(`${at}.${name}`, 'may not be set for init containers without restartPolicy=Always'))
      }
    }
  })
  checkEphemeralContainers(out, path, spec, surroundings, names)
}

const notForEphemeral = [
  'ports',
  'lifecycle',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'resizePolicy',
] as const

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
    checkName(out, `${at}.name`, container.name ?? '', names)
    if (!container.name) out.push(required(`${at}.name`))
    checkCommon(out, at, container, surroundings)
    if (container.targetContainerName && !targets.has(container.targetContainerName)) {
      out.push(notFound(`${at}.targetContainerName`, container.targetContainerName))
    }
    for (const name of notForEphemeral) {
      if (container[name] !== undefined)
        out.push(forbidden(`${at}.${name}`, 'cannot be set for an Ephemeral Container'))
    }
    if (
      Object.keys(container.resources?.limits ?? {}).length + Object.keys(container.resources?.requests ?? {}).length
    ) {
      out.push(forbidden(`${at}.resources`, 'cannot be set for an Ephemeral Container'))
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

function checkName(out: Errors, path: string, name: string, names: Set<string>): void {
  if (name === '') return
  pushInvalid(out, path, name, dns1123LabelErrors(name))
  if (names.has(name)) out.push(duplicate(path, name))
  names.add(name)
}

function checkCommon(out: Errors, path: string, container: AnyContainer, surroundings: Surroundings): void {
  const { spec } = surroundings
  if (!container.image) out.push(required(`${path}.image`))
  else if (container.image.trim() !== container.image) {
    out.push(invalid(`${path}.image`, container.image, 'must not have leading or trailing whitespace'))
  }
  checkPorts(out, `${path}.ports`, container.ports, spec, surroundings.hostPorts)
  checkEnv(out, `${path}.env`, container.env)
  checkEnvFrom(out, `${path}.envFrom`, container.envFrom)
  checkMounts(out, path, container, surroundings.volumes)
  checkResources(out, `${path}.resources`, container.resources, surroundings.claims)
  checkSecurityContext(out, `${path}.securityContext`, container.securityContext, spec.hostUsers !== false)
  checkEnum(out, `${path}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'])
  checkEnum(out, `${path}.terminationMessagePolicy`, container.terminationMessagePolicy, [
    'FallbackToLogsOnError',
    'File',
  ])
}

/** For the fields of ephemeral containers, whose declaration leaves their values open. */
function checkEnum(out: Errors, path: string, value: string | undefined, values: readonly string[]): void {
  if (path.includes('.ephemeralContainers[') && value !== undefined && !values.includes(value)) {
    out.push(notSupported(path, value, values))
  }
}

function checkPorts(
  out: Errors,
  path: string,
  ports: readonly ContainerPort[] | undefined,
  spec: PodSpec,
  hostPorts: Set<string>,
): void {
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
    if (!port.hostPort) return
    pushInvalid(out, `${at}.hostPort`, port.hostPort, portErrors(port.hostPort))
    if (spec.hostNetwork && port.hostPort !== port.containerPort) {
      out.push(invalid(`${at}.containerPort`, port.containerPort, 'must match `hostPort` when `hostNetwork` is true'))
    }
    const use = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`
    if (hostPorts.has(use)) out.push(duplicate(`${at}.hostPort`, use))
    hostPorts.add(use)
  })
}

function checkMounts(out: Errors, path: string, container: AnyContainer, volumes: ReadonlyMap<string, Volume>): void {
  const places = new Set<string>()
  const devicePaths = new Set(container.volumeDevices?.map(device => device.devicePath))
  const deviceNames = new Set(container.volumeDevices?.map(device => device.name))
  container.volumeMounts?.forEach((mount, i) => {
    const at = `${path}.volumeMounts[${i}]`
    if (mount.name !== '' && !volumes.has(mount.name)) out.push(notFound(`${at}.name`, mount.name))
    if (mount.mountPath !== '' && places.has(mount.mountPath)) {
      out.push(invalid(`${at}.mountPath`, mount.mountPath, 'must be unique'))
    }
    places.add(mount.mountPath)
    if (deviceNames.has(mount.name))
      out.push(invalid(`${at}.name`, mount.name, 'must not already exist in volumeDevices'))
    if (devicePaths.has(mount.mountPath)) {
      out.push(invalid(`${at}.mountPath`, mount.mountPath, 'must not already exist as a path in volumeDevices'))
    }
    checkSubPath(out, at, mount)
    if (mount.mountPropagation === 'Bidirectional' && !container.securityContext?.privileged) {
      out.push(
        forbidden(
          `${at}.mountPropagation`,
          'Bidirectional mount propagation is available only to privileged containers',
        ),
      )
    }
    checkRecursiveReadOnly(out, `${at}.recursiveReadOnly`, mount)
  })
  checkDevices(out, `${path}.volumeDevices`, container, volumes)
}

function checkSubPath(out: Errors, path: string, mount: VolumeMount): void {
  if (mount.subPath) checkDescending(out, `${path}.subPath`, mount.subPath)
  if (!mount.subPathExpr) return
  if (mount.subPath) {
    out.push(invalid(`${path}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
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
  container.volumeDevices?.forEach((device, i) => {
    const at = `${path}[${i}]`
    const volume = volumes.get(device.name)
    if (names.has(device.name)) out.push(invalid(`${at}.name`, device.name, 'must be unique'))
    names.add(device.name)
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      out.push(
        invalid(
          `${at}.name`,
          device.name,
          'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
        ),
      )
    } else if (!volume) out.push(notFound(`${at}.name`, device.name))
    if (device.devicePath === '') out.push(required(`${at}.devicePath`))
    else if (places.has(device.devicePath)) out.push(invalid(`${at}.devicePath`, device.devicePath, 'must be unique'))
    else checkBackSteps(out, `${at}.devicePath`, device.devicePath)
    places.add(device.devicePath)
  })
}

function checkBackSteps(out: Errors, path: string, target: string): void {
  if (target.split('/').includes('..')) out.push(invalid(path, target, "can not contain backsteps ('..')"))
}

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
function checkRestartPolicy(out: Errors, path: string, container: Container, isInit: boolean): void {
  const { restartPolicy, restartPolicyRules } = container
  if (restartPolicy !== undefined) {
    const values = ['Always', 'Never', 'OnFailure']
    if (!values.includes(restartPolicy)) out.push(notSupported(`${path}.restartPolicy`, restartPolicy, values))
  }
  if (!restartPolicyRules?.length) return
  if (restartPolicy === undefined) {
    out.push(required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'))
  } else if (isInit && restartPolicy === 'Always') {
    out.push(forbidden(`${path}.restartPolicyRules`, 'restartPolicyRules cannot be set for sidecar containers'))
  }
  if (restartPolicyRules.length > 20) {
    out.push({
      reason: 'FieldValueTooMany',
      field: `${path}.restartPolicyRules`,
      message: `Too many: ${restartPolicyRules.length}: must have at most 20 items`,
    })
  }
  restartPolicyRules.forEach((rule, i) => {
    const at = `${path}.restartPolicyRules[${i}]`
    if (rule.action !== 'Restart' && rule.action !== 'RestartAllContainers') {
      out.push(notSupported(`${at}.action`, rule.action, ['Restart', 'RestartAllContainers']))
    }
    if (!rule.exitCodes) {
      out.push(required(`${at}.exitCodes`, 'must be specified'))
      return
    }
    if (rule.exitCodes.operator !== 'In' && rule.exitCodes.operator !== 'NotIn') {
      out.push(notSupported(`${at}.exitCodes.operator`, rule.exitCodes.operator, ['In', 'NotIn']))
    }
    if ((rule.exitCodes.values?.length ?? 0) > 255) {
      out.push({
        reason: 'FieldValueTooMany',
        field: `${at}.exitCodes.values`,
        message: `Too many: ${rule.exitCodes.values?.length}: must have at most 255 items`,
      })
    }
  })
}

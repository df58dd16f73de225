/** Probes and handlers (upstream: validateProbe, validateHandler). */
import type { LifecycleHandler, Probe } from '../../../api/core/v1/probe.ts'
import { forbidden, invalid, required } from '../../../schema/field-error.ts'
import { httpHeaderNameErrors, portErrors } from '../../../schema/formats.ts'
import { checkNotNegative, checkPortNumOrName, type Errors, pushInvalid } from '../checks.ts'

type Handler = LifecycleHandler & { readonly grpc?: { readonly port: number } }

export function checkHandler(out: Errors, path: string, handler: Handler, graceSeconds: number | undefined): void {
  let count = 0
  const countAt = (name: string): void => {
    if (++count > 1) out.push(forbidden(`${path}.${name}`, 'may not specify more than 1 handler type'))
  }
  if (handler.exec) {
    countAt('exec')
    if (!handler.exec.command?.length) out.push(required(`${path}.exec.command`))
  }
  if (handler.httpGet) {
    countAt('httpGet')
    const at = `${path}.httpGet`
    if (!handler.httpGet.path) out.push(required(`${at}.path`))
    checkPortNumOrName(out, `${at}.port`, handler.httpGet.port)
    handler.httpGet.httpHeaders?.forEach(({ name }) => {
      pushInvalid(out, `${at}.httpHeaders`, name, httpHeaderNameErrors(name))
    })
  }
  if (handler.tcpSocket) {
    countAt('tcpSocket')
    checkPortNumOrName(out, `${path}.tcpSocket.port`, handler.tcpSocket.port)
  }
  if (handler.grpc) {
    countAt('grpc')
    pushInvalid(out, `${path}.grpc.port`, handler.grpc.port, portErrors(handler.grpc.port))
  }
  if (handler.sleep) {
    countAt('sleep')
    const most = graceSeconds ?? 0
    if (handler.sleep.seconds < 0 || handler.sleep.seconds > most) {
      const range = `must be non-negative and less than terminationGracePeriodSeconds (${most}).`
      const detail = `${range} Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.`
      out.push(invalid(path, handler.sleep.seconds, handler.sleep.seconds < 0 ? detail : range))
    }
  }
  if (count === 0) out.push(required(path, 'must specify a handler type'))
}

export type ProbeUse = 'livenessProbe' | 'readinessProbe' | 'startupProbe'

export function checkProbe(
  out: Errors,
  path: string,
  probe: Probe,
  use: ProbeUse,
  graceSeconds: number | undefined,
): void {
  checkHandler(out, path, probe, graceSeconds)
  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    checkNotNegative(out, `${path}.${name}`, probe[name])
  }
  if (probe.terminationGracePeriodSeconds !== undefined) {
    const at = `${path}.terminationGracePeriodSeconds`
    if (use === 'readinessProbe') {
      out.push(invalid(at, probe.terminationGracePeriodSeconds, 'must not be set for readinessProbes'))
    } else if (probe.terminationGracePeriodSeconds <= 0) {
      out.push(invalid(at, probe.terminationGracePeriodSeconds, 'must be greater than 0'))
    }
  }
  if (use !== 'readinessProbe' && (probe.successThreshold ?? 1) !== 1) {
    out.push(invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1'))
  }
}

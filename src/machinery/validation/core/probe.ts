/** Probes and handlers (upstream: validateProbe, validateHandler). */
import type { LifecycleHandler, Probe } from '../../../api/core/v1/probe.ts'
import { forbidden, invalid, required } from '../../../schema/field-error.ts'
import { httpHeaderNameErrors, portErrors } from '../../../schema/formats.ts'
import { checkNotNegative, checkOneOf, checkPortNumOrName, type Errors, pushInvalid } from '../checks.ts'

type Handler = LifecycleHandler & { readonly grpc?: { readonly port: number } }

type Check = (out: Errors, path: string, handler: never, graceSeconds: number | undefined) => void

const actions: Readonly<Record<string, Check>> = {
  exec: (out, path, { command }: { command?: string[] }) => {
    if (!command?.length) out.push(required(`${path}.command`))
  },
  httpGet: (out, path, action: NonNullable<Handler['httpGet']>) => {
    if (!action.path) out.push(required(`${path}.path`))
    checkPortNumOrName(out, `${path}.port`, action.port)
    checkOneOf(out, `${path}.scheme`, action.scheme ?? '', ['HTTP', 'HTTPS'])
    for (const { name } of action.httpHeaders ?? [])
      pushInvalid(out, `${path}.httpHeaders`, name, httpHeaderNameErrors(name))
  },
  tcpSocket: (out, path, { port }: { port: number | string }) => {
    checkPortNumOrName(out, `${path}.port`, port)
  },
  grpc: (out, path, { port }: { port: number }) => {
    pushInvalid(out, `${path}.port`, port, portErrors(port))
  },
  sleep: (out, path, { seconds }: { seconds: number }, graceSeconds) => {
    if (graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return
    out.push(
      invalid(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`),
    )
  },
}

/** The first action that is set is judged; every other one is one too many. */
export function checkHandler(out: Errors, path: string, handler: Handler, graceSeconds: number | undefined): void {
  let first = true
  for (const [name, check] of Object.entries(actions)) {
    const action = (handler as Readonly<Record<string, unknown>>)[name]
    if (action === undefined) continue
    if (first) check(out, `${path}.${name}`, action as never, graceSeconds)
    else out.push(forbidden(`${path}.${name}`, 'may not specify more than 1 handler type'))
    first = false
  }
  if (first) out.push(required(path, 'must specify a handler type'))
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
    if (probe.terminationGracePeriodSeconds <= 0)
      out.push(invalid(at, probe.terminationGracePeriodSeconds, 'must be greater than 0'))
    if (use === 'readinessProbe')
      out.push(invalid(at, probe.terminationGracePeriodSeconds, 'must not be set for readinessProbes'))
  }
  if (use !== 'readinessProbe' && (probe.successThreshold ?? 1) !== 1) {
    out.push(invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1'))
  }
}

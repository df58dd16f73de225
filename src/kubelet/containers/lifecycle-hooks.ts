/** Runs postStart and preStop handlers (Kubernetes documentation, "Container Lifecycle Hooks"). */
import type { Container } from '../../api/core/v1/container.ts'
import type { LifecycleHandler } from '../../api/core/v1/probe.ts'
import { sleep } from '../../base/clock.ts'
import type { RuntimeClient } from '../cri/runtime-client.ts'
import { askByExec, askByHttp } from '../probes/handlers.ts'

/** Without a deadline of its own, a hook may not hang for ever. */
const httpTimeoutMs = 60_000

/** Throws if the handler fails. */
export async function runHook(
  runtime: RuntimeClient,
  handler: LifecycleHandler,
  containerId: string,
  container: Container,
  podIp: string,
  signal: AbortSignal,
): Promise<void> {
  if (handler.exec) {
    const answer = await askByExec(runtime, containerId, handler.exec, 0, signal)
    if (!answer.ok)
      throw new Error(`Exec lifecycle hook (${JSON.stringify(handler.exec.command)}) failed: ${answer.output.trim()}`)
    return
  }
  if (handler.httpGet) {
    const answer = await askByHttp(handler.httpGet, container, podIp, httpTimeoutMs)
    if (!answer.ok) throw new Error(`HTTP lifecycle hook failed: ${answer.output}`)
    return
  }
  if (handler.sleep) return await sleep(handler.sleep.seconds * 1000, signal)
  // A tcpSocket handler was never supported upstream: it fails at run time there too.
  throw new Error('invalid handler: no handler was given')
}

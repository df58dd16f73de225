/**
 * Exits of containers as the runtime tells them: CRI's GetContainerEvents (containerd 2), containerd's own event stream
 * where that is unimplemented (1.6, 1.7), neither elsewhere. Events only say where to look: what happened is listed.
 */
import type { Clock } from '../../base/clock.ts'
import { isUnimplemented } from '../../base/grpc/grpc-error.ts'
import { f } from '../../schema/field.ts'
import { messagesOf } from '../../schema/message.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import { binary, list, str, uint32 } from '../../schema/type.ts'
import type { RuntimeClient } from './runtime-client.ts'
import { ContainerEventResponse, GetEventsRequest } from './runtime-messages.ts'

// https://github.com/containerd/containerd/blob/v1.6.20/api/services/events/v1/events.proto
const message = messagesOf('containerd.services.events.v1')
const SubscribeRequest = message('SubscribeRequest', { filters: f(1, list(str)) })
const Any = message('Any', { typeUrl: f(1, str), value: f(2, binary) })
const Envelope = message('Envelope', { namespace: f(2, str), topic: f(3, str), event: f(4, Any) })
const TaskExit = message('TaskExit', { containerId: f(1, str), id: f(2, str), pid: f(3, uint32) })

const containerEvent = { started: 1, stopped: 2 } as const
const retryMs = 1_000

export type EventSourceName = 'cri' | 'containerd' | 'none'

export interface ExitEvents {
  /** Which stream is open now. */
  source(): EventSourceName
  stop(): void
}

/** Calls `onExit` with the container's id for every exit until stopped; reconnects after the runtime restarts. */
export function watchExits(runtime: RuntimeClient, clock: Clock, onExit: (containerId: string) => void): ExitEvents {
  const stopped = new AbortController()
  let source: EventSourceName = 'none'
  let plan: Exclude<EventSourceName, 'none'> | 'none' = 'cri'

  const viaCri = () =>
    runtime.channel.stream(
      '/runtime.v1.RuntimeService/GetContainerEvents',
      encodeMessage(GetEventsRequest, {}),
      bytes => {
        source = 'cri'
        const event = decodeMessage(ContainerEventResponse, bytes)
        if (event.containerEventType === containerEvent.stopped) onExit(event.containerId ?? '')
      },
      { signal: stopped.signal },
    )
  const viaContainerd = () => {
    source = 'containerd'
    return runtime.channel.stream(
      '/containerd.services.events.v1.Events/Subscribe',
      encodeMessage(SubscribeRequest, { filters: ['topic=="/tasks/exit",namespace=="k8s.io"'] }),
      bytes => {
        const envelope = decodeMessage(Envelope, bytes)
        if (envelope.topic !== '/tasks/exit' || envelope.namespace !== 'k8s.io') return
        const exit = decodeMessage(TaskExit, envelope.event?.value ?? new Uint8Array())
        // The exit of an exec'd process carries the exec's id.
        if (exit.id === exit.containerId) onExit(exit.containerId ?? '')
      },
      { signal: stopped.signal, metadata: { 'containerd-namespace': 'k8s.io' } },
    )
  }

  const loop = async () => {
    while (!stopped.signal.aborted) {
      try {
        if (plan === 'none') return
        await (plan === 'cri' ? viaCri() : viaContainerd())
      } catch (error) {
        if (isUnimplemented(error)) {
          source = 'none'
          plan = plan === 'cri' ? 'containerd' : 'none'
          continue
        }
      }
      source = 'none'
      if (!stopped.signal.aborted) await new Promise<void>(resolve => void clock.after(retryMs, resolve))
    }
  }
  void loop()
  return { source: () => source, stop: () => stopped.abort() }
}

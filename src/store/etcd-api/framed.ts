import { frameHeader } from '../../base/grpc/message-reader.ts'
import { writeMessage } from '../../schema/protobuf-encode.ts'
import { WireWriter } from '../../schema/protobuf-wire.ts'
import type { Message } from '../../schema/type.ts'

/** A message in its gRPC frame, written once. `tail`: encoded fields that follow the message's own, in order. */
export function framed<T>(
  message: Message<T>,
  value: T,
  expectedBytes = 256,
  tail: readonly Uint8Array[] = [],
): Uint8Array {
  const writer = new WireWriter(expectedBytes)
  for (let i = tail.length - 1; i >= 0; i--) writer.raw(tail[i]!)
  writeMessage(writer, message, value)
  writer.raw(frameHeader(writer.length))
  return writer.view()
}

import { messagesOf } from '../../schema/message.ts'

/** The protobuf package of the container runtime interface. */
export const message = messagesOf('runtime.v1')

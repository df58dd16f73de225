import { kindsOf } from '../../../schema/kind.ts'
import { listMessagesOf, messagesOf } from '../../../schema/message.ts'

export const message = messagesOf('io.k8s.api.authorization.v1')
export const listMessage = listMessagesOf('io.k8s.api.authorization.v1')
export const kind = kindsOf('authorization.k8s.io', 'v1', 'io.k8s.api.authorization.v1')

import { kindsOf } from '../../../schema/kind.ts'
import { messagesOf } from '../../../schema/message.ts'

export const message = messagesOf('io.k8s.api.policy.v1')
export const kind = kindsOf('policy', 'v1', 'io.k8s.api.policy.v1')

import { kindsOf } from '../../../schema/kind.ts'
import { messagesOf } from '../../../schema/message.ts'

export const message = messagesOf('io.k8s.api.autoscaling.v2')
export const kind = kindsOf('autoscaling', 'v2', 'io.k8s.api.autoscaling.v2')

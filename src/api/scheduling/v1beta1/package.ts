import { kindsOf } from '../../../schema/kind.ts'
import { messagesOf } from '../../../schema/message.ts'

export const message = messagesOf('io.k8s.api.scheduling.v1beta1')
export const kind = kindsOf('scheduling.k8s.io', 'v1beta1', 'io.k8s.api.scheduling.v1beta1')

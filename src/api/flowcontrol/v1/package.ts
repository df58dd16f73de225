import { kindsOf } from '../../../schema/kind.ts'
import { messagesOf } from '../../../schema/message.ts'

export const message = messagesOf('io.k8s.api.flowcontrol.v1')
export const kind = kindsOf('flowcontrol.apiserver.k8s.io', 'v1', 'io.k8s.api.flowcontrol.v1')

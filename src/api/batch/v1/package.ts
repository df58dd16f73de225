import { kindsOf } from '../../../schema/kind.ts'
import { messagesOf } from '../../../schema/message.ts'

export const message = messagesOf('io.k8s.api.batch.v1')
export const kind = kindsOf('batch', 'v1', 'io.k8s.api.batch.v1')

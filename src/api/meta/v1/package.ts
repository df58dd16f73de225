import { kindsOf } from '../../../schema/kind.ts'
import { listMessagesOf, messagesOf } from '../../../schema/message.ts'

export const message = messagesOf('io.k8s.apimachinery.pkg.apis.meta.v1')
export const listMessage = listMessagesOf('io.k8s.apimachinery.pkg.apis.meta.v1')
export const kind = kindsOf('', 'v1', 'io.k8s.apimachinery.pkg.apis.meta.v1')

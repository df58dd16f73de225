import { kindsOf } from '../../../schema/kind.ts'
import { messagesOf } from '../../../schema/message.ts'

export const message = messagesOf('io.k8s.api.apidiscovery.v2')
export const kind = kindsOf('apidiscovery.k8s.io', 'v2', 'io.k8s.api.apidiscovery.v2')

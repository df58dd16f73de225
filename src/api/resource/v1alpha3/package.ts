import { kindsOf } from '../../../schema/kind.ts'
import { messagesOf } from '../../../schema/message.ts'

export const message = messagesOf('io.k8s.api.resource.v1alpha3')
export const kind = kindsOf('resource.k8s.io', 'v1alpha3', 'io.k8s.api.resource.v1alpha3')

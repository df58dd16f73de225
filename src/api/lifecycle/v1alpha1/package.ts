import { kindsOf } from '../../../schema/kind.ts'
import { messagesOf } from '../../../schema/message.ts'

export const message = messagesOf('io.k8s.api.lifecycle.v1alpha1')
export const kind = kindsOf('lifecycle.k8s.io', 'v1alpha1', 'io.k8s.api.lifecycle.v1alpha1')

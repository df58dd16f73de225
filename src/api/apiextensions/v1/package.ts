import { kindsOf } from '../../../schema/kind.ts'
import { messagesOf } from '../../../schema/message.ts'

export const message = messagesOf('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1')
export const kind = kindsOf('apiextensions.k8s.io', 'v1', 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1')

import { kindsOf } from '../../../schema/kind.ts'
import { messagesOf } from '../../../schema/message.ts'

export const message = messagesOf('io.k8s.kube-aggregator.pkg.apis.apiregistration.v1')
export const kind = kindsOf('apiregistration.k8s.io', 'v1', 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1')

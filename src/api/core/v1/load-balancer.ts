import { f } from '../../../schema/field.ts'
import { int32, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const PortStatus = message('PortStatus', {
  port: f(1, int32).required().always(),
  protocol: f(2, oneOf('SCTP', 'TCP', 'UDP'))
    .required()
    .always(),
  error: f(3, str).explicit(),
})
export type PortStatus = TypeOf<typeof PortStatus>

export const LoadBalancerIngress = message('LoadBalancerIngress', {
  ip: f(1, str),
  hostname: f(2, str),
  ipMode: f(3, str).explicit(),
  ports: f(4, list(PortStatus)).listOf('atomic'),
})
export type LoadBalancerIngress = TypeOf<typeof LoadBalancerIngress>

export const LoadBalancerStatus = message('LoadBalancerStatus', {
  ingress: f(1, list(LoadBalancerIngress)).listOf('atomic'),
})
export type LoadBalancerStatus = TypeOf<typeof LoadBalancerStatus>

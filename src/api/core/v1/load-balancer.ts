import { f } from '../../../schema/field.ts'
import { int32, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const PortStatus = message(
  'PortStatus',
  {
    port: f(1, int32).required().always().doc('Number of the port.'),
    protocol: f(2, oneOf('SCTP', 'TCP', 'UDP'))
      .go('v1.Protocol')
      .required()
      .always()
      .doc('Transport protocol.'),
    error: f(3, str).explicit().doc('Why the port does not work, one CamelCase word; unset if it does.'),
  },
  { doc: 'State of a port of a load balancer.' },
)
export type PortStatus = TypeOf<typeof PortStatus>

export const LoadBalancerIngress = message(
  'LoadBalancerIngress',
  {
    ip: f(1, str).doc('IP address, if there is one.'),
    hostname: f(2, str).doc('DNS name, if there is one.'),
    ipMode: f(3, str)
      .go('v1.LoadBalancerIPMode')
      .explicit()
      .doc('`VIP` (default) if traffic arrives with this address, `Proxy` if with that of a node or pod.'),
    ports: f(4, list(PortStatus)).listOf('atomic').doc('State of the ports.'),
  },
  { doc: 'An address of a load balancer.' },
)
export type LoadBalancerIngress = TypeOf<typeof LoadBalancerIngress>

export const LoadBalancerStatus = message(
  'LoadBalancerStatus',
  {
    ingress: f(1, list(LoadBalancerIngress)).listOf('atomic').doc('Its addresses.'),
  },
  { doc: 'State of a load balancer.' },
)
export type LoadBalancerStatus = TypeOf<typeof LoadBalancerStatus>

/**
 * The endpoints of the Service `kube-dns`: every node that says where its DNS listens, each meant for the pods of its own
 * node first (KEP-3015, hints for nodes). A node without one asks the others'.
 */
import { Node } from '../../api/core/v1/node.ts'
import { Service } from '../../api/core/v1/service.ts'
import type { Endpoint } from '../../api/discovery/v1/endpoint-slice.ts'
import { EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import { dnsPortAnnotation } from '../../machinery/node-annotations.ts'
import { managedByLabel, serviceNameLabel } from '../endpoint-slice/plan.ts'
import { type EndpointGroup, reconcileSlices } from '../endpoint-slice/reconcile.ts'
import type { ControllerDefinition } from '../runtime/controller.ts'
import { controllerReference } from '../runtime/owners.ts'
import { same } from '../runtime/same.ts'

const namespace = 'kube-system'
const serviceName = 'kube-dns'
const managedBy = 'dns.clipper.dev'

const dnsPortOf = ({ metadata }: Node): number => Number(metadata.annotations?.[dnsPortAnnotation])

/** A node that is silent counts as without DNS; one that has just come may answer before it is ready for pods. */
function endpointOf({ metadata, status }: Node): Endpoint[] {
  const address = (status.addresses ?? []).find(({ type }) => type === 'InternalIP')?.address
  if (address === undefined) return []
  const ready = status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'Unknown') !== true
  return [
    {
      addresses: [address],
      conditions: { ready, serving: ready, terminating: false },
      nodeName: metadata.name,
      hints: { forNodes: [{ name: metadata.name }] },
    },
  ]
}

const isMember = (node: Node): boolean => dnsPortOf(node) > 0 && node.metadata.deletionTimestamp === undefined

/** What of a node the slices tell. */
const shown = (node: Node) => (isMember(node) ? [dnsPortOf(node), endpointOf(node)] : [])

export function dnsGroups(nodes: readonly Node[]): EndpointGroup[] {
  const byPort = Map.groupBy(nodes.filter(isMember), dnsPortOf)
  return [...byPort]
    .toSorted(([a], [b]) => a - b)
    .map(([port, members]) => ({
      addressType: 'IPv4',
      ports: [
        { name: 'dns', protocol: 'UDP', port },
        { name: 'dns-tcp', protocol: 'TCP', port },
      ],
      endpoints: members.flatMap(endpointOf),
    }))
}

export const clusterDnsController: ControllerDefinition = {
  name: 'cluster-dns-controller',
  workers: 1,
  build(context) {
    const services = context.informer(Service)
    const nodes = context.informer(Node)
    const slices = context.informer(EndpointSlice)
    services.subscribe(({ object: { metadata } }) => {
      if (metadata.namespace === namespace && metadata.name === serviceName) context.enqueue(serviceName)
    })
    // Every node reports again and again, mostly what is known.
    nodes.subscribe(({ object, old }) => {
      if (old === undefined || !same(shown(old), shown(object))) context.enqueue(serviceName)
    })
    const isOurs = ({ metadata }: EndpointSlice) =>
      metadata.namespace === namespace && metadata.labels?.[managedByLabel] === managedBy
    slices.subscribe(({ object }) => {
      if (isOurs(object)) context.enqueue(serviceName)
    })
    return {
      plan() {
        const service = services.get(namespace, serviceName)
        if (!service) return undefined
        const owner = {
          namespace,
          serviceName,
          labels: { [serviceNameLabel]: serviceName, [managedByLabel]: managedBy },
          annotations: {},
          reference: controllerReference(Service, service),
        }
        return { steps: [reconcileSlices(owner, dnsGroups(nodes.list()), slices.list(namespace).filter(isOurs))] }
      },
    }
  },
}

/** Approves what the machines of nodes ask for with their own certificate; upstream leaves that to people. */
import { CertificateSigningRequest } from '../../api/certificates/v1/certificate-signing-request.ts'
import { Node } from '../../api/core/v1/node.ts'
import { EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import { ServiceCIDR } from '../../api/networking/v1/service-cidr.ts'
import { judged } from '../certificate-signing/plan.ts'
import { serviceNameLabel } from '../endpoint-slice/plan.ts'
import { type ControllerDefinition, enqueueChanged, objectOf } from '../runtime/controller.ts'
import { judge } from './approvals.ts'

export const nodeCertificateApprover: ControllerDefinition = {
  name: 'node-certificate-approver',
  workers: 1,
  build(context) {
    const requests = context.informer(CertificateSigningRequest)
    const nodes = context.informer(Node)
    const slices = context.informer(EndpointSlice)
    const ranges = context.informer(ServiceCIDR)
    enqueueChanged(requests, context)
    // What a node had not yet said of itself when it asked.
    nodes.subscribe(({ object }) => {
      const user = `system:node:${object.metadata.name}`
      for (const { metadata, spec, status } of requests.list())
        if (spec.username === user && !status.conditions?.length) context.enqueue(metadata.name)
    })
    const facts = {
      node: (name: string) => nodes.get('', name),
      nodes: () => nodes.list(),
      serverAddresses: () =>
        slices
          .list()
          .filter(
            ({ metadata }) => metadata.namespace === 'default' && metadata.labels?.[serviceNameLabel] === 'kubernetes',
          )
          .flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses ?? [])),
      serviceCidrs: () => ranges.list().flatMap(({ spec }) => spec.cidrs ?? []),
    }
    return {
      plan(key) {
        const request = objectOf(requests, key)
        if (!request || request.metadata.deletionTimestamp !== undefined) return undefined
        const judgement = judge(request, facts)
        if (!judgement) return undefined
        const { approve, reason, message } = judgement
        return { steps: [[judged(request, approve ? 'Approved' : 'Denied', reason, message)]] }
      },
    }
  },
}

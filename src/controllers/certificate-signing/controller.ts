/** Approves, signs and deletes requests for certificates (documentation: "Certificate Signing Requests"). */
import { SubjectAccessReview } from '../../api/authorization/v1/subject-access-review.ts'
import { CertificateSigningRequest } from '../../api/certificates/v1/certificate-signing-request.ts'
import { Node } from '../../api/core/v1/node.ts'
import type { Client } from '../../client/client.ts'
import { remove } from '../runtime/action.ts'
import { type ControllerDefinition, enqueueChanged, objectOf } from '../runtime/controller.ts'
import { approvalsOf, authorityOf, judged, removalMs, type SigningAuthority, sign, takenNodeName } from './plan.ts'

/** `authority` signs; absent: requests are approved and deleted, and wait for another signer. */
export const certificateController = (signing: SigningAuthority | undefined): ControllerDefinition => ({
  name: 'certificate-controller',
  workers: 1,
  build(context) {
    const requests = context.informer(CertificateSigningRequest)
    const nodes = context.informer(Node)
    const authority = signing && authorityOf(signing)
    enqueueChanged(requests, context)
    return {
      async plan(key) {
        const request = objectOf(requests, key)
        if (!request || request.metadata.deletionTimestamp !== undefined) return undefined
        const nowMs = context.clock.now()
        const leftMs = removalMs(request) - nowMs
        if (leftMs <= 0) return { steps: [[remove(CertificateSigningRequest, request)]] }
        const again = Number.isFinite(leftMs) ? { requeueAfterMs: leftMs + 1 } : {}
        const taken = takenNodeName(request, name => nodes.get('', name))
        if (taken !== undefined) return { steps: [[judged(request, 'Denied', 'NodeNameTaken', taken)]], ...again }
        for (const { subresource, message } of approvalsOf(request)) {
          if (await mayAsk(context.client, request, subresource)) {
            return { steps: [[judged(request, 'Approved', 'AutoApproved', message)]], ...again }
          }
        }
        const signed = authority && sign(request, authority, nowMs)
        return { steps: signed ? [[signed]] : [], ...again }
      },
    }
  },
})

/** Whether the one who asks for the certificate has the permission to have it approved without a person. */
async function mayAsk(client: Client, { spec }: CertificateSigningRequest, subresource: string): Promise<boolean> {
  const review = await client.of(SubjectAccessReview).create('', {
    spec: {
      user: spec.username ?? '',
      ...(spec.uid ? { uid: spec.uid } : {}),
      ...(spec.groups ? { groups: spec.groups } : {}),
      ...(spec.extra ? { extra: spec.extra } : {}),
      resourceAttributes: {
        group: 'certificates.k8s.io',
        version: '*',
        resource: 'certificatesigningrequests',
        subresource,
        verb: 'create',
      },
    },
  })
  return review.status.allowed
}

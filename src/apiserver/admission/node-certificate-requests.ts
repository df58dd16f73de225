/** A kubelet asks for certificates of the pods that it runs, as who they are (KEP-4317, "Node restriction"). */
import type { PodCertificateRequest } from '../../api/certificates/v1/pod-certificate-request.ts'
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { ServiceAccount } from '../../api/core/v1/service-account.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes } from './admission.ts'
import { mirrorAnnotation, refusal } from './refusal.ts'

const mounts = ({ spec: { volumes = [] } }: Pod, signerName: string): boolean =>
  volumes.some(({ projected }) =>
    projected?.sources?.some(({ podCertificate }) => podCertificate?.signerName === signerName),
  )

/** Throws ApiError 403. */
export async function checkCertificateRequest(
  attributes: AdmissionAttributes,
  node: string,
  reader: ObjectReader,
): Promise<void> {
  const { operation, subresource, object, namespace } = attributes
  if (operation !== 'CREATE' || subresource !== '')
    throw refusal(attributes, `unexpected operation ${operation}, node restriction only allows the create operation`)
  const { spec } = object as unknown as PodCertificateRequest
  const quoted = JSON.stringify(`${namespace}/${spec.podName}`)
  const refuse = (why: string) => refusal(attributes, why)
  if (spec.nodeName !== node)
    throw refuse(
      `PodCertificateRequest.Spec.NodeName=${JSON.stringify(spec.nodeName)}, which is not the requesting node ${JSON.stringify(node)}`,
    )
  const own = reader.get(Node, '', node)
  if (own?.metadata.uid !== spec.nodeUID)
    throw refuse(
      `PodCertificateRequest for pod ${quoted} names node UID ${JSON.stringify(spec.nodeUID)}, inconsistent with the running node (${JSON.stringify(own?.metadata.uid ?? '')})`,
    )
  const pod = reader.get(Pod, namespace, spec.podName)
  if (!pod) throw refuse(`while retrieving pod ${quoted} named in the PodCertificateRequest: pod not found`)
  if (pod.metadata.uid !== spec.podUID)
    throw refuse(
      `PodCertificateRequest for pod ${quoted} contains pod UID (${JSON.stringify(spec.podUID)}) which differs from running pod ${JSON.stringify(pod.metadata.uid)}`,
    )
  if (pod.spec.nodeName !== node)
    throw refuse(`pod ${quoted} is not running on node ${JSON.stringify(node)} named in the PodCertificateRequest`)
  if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) throw refuse(`pod ${quoted} is a mirror pod`)
  if (pod.spec.serviceAccountName !== spec.serviceAccountName)
    throw refuse(
      `PodCertificateRequest for pod ${quoted} contains serviceAccountName (${JSON.stringify(spec.serviceAccountName)}) that differs from running pod (${JSON.stringify(pod.spec.serviceAccountName ?? '')})`,
    )
  const account = reader.get(ServiceAccount, namespace, spec.serviceAccountName)
  if (account?.metadata.uid !== spec.serviceAccountUID)
    throw refuse(
      `PodCertificateRequest for pod ${quoted} names service account UID ${JSON.stringify(spec.serviceAccountUID)}, which differs from the running service account (${JSON.stringify(account?.metadata.uid ?? '')})`,
    )
  if (!mounts(pod, spec.signerName))
    throw refuse(
      `pod ${quoted} does not mount a podCertificate projected volume for signer ${JSON.stringify(spec.signerName)}`,
    )
}

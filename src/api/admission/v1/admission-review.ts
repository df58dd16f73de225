import { f } from '../../../schema/field.ts'
import { bool, bytes, list, map, raw, str, type TypeOf } from '../../../schema/type.ts'
import { UserInfo } from '../../authentication/v1/user-info.ts'
import { GroupVersionKind, GroupVersionResource } from '../../meta/v1/discovery.ts'
import { Status } from '../../meta/v1/status.ts'
import { kind, message } from './package.ts'

export const AdmissionRequest = message(
  'AdmissionRequest',
  {
    uid: f(1, str).go('types.UID').required().always().doc('Identifier of the request, which the response repeats.'),
    kind: f(2, GroupVersionKind).required().always().doc('Kind of the object as the webhook gets it.'),
    resource: f(3, GroupVersionResource).required().always().doc('Resource as the webhook asked for it.'),
    subResource: f(4, str).doc('Subresource, if any.'),
    requestKind: f(13, GroupVersionKind).doc('Kind of the object as the client sent it.'),
    requestResource: f(14, GroupVersionResource).doc('Resource that the client named.'),
    requestSubResource: f(15, str).doc('Subresource that the client named.'),
    name: f(5, str).doc('Name of the object; empty while it is still to be made.'),
    namespace: f(6, str).doc('Namespace of the object, if any.'),
    operation: f(7, str).go('v1.Operation').required().always().doc('`CREATE`, `UPDATE`, `DELETE` or `CONNECT`.'),
    userInfo: f(8, UserInfo).required().always().doc('Who asks.'),
    object: f(9, raw).orNull().doc('Object as it is to be; null for deletions.'),
    oldObject: f(10, raw).orNull().doc('Object as it is; null for creations.'),
    dryRun: f(11, bool).explicit().doc('Whether nothing will be stored.'),
    options: f(12, raw).orNull().doc('Options of the operation.'),
  },
  { doc: 'What a webhook is asked.' },
)
export type AdmissionRequest = TypeOf<typeof AdmissionRequest>

export const AdmissionResponse = message(
  'AdmissionResponse',
  {
    uid: f(1, str).go('types.UID').required().always().doc('Identifier of the request.'),
    allowed: f(2, bool).required().always().doc('Whether it may go on.'),
    status: f(3, Status).doc('Why not.'),
    patch: f(4, bytes).doc('What the webhook changes.'),
    patchType: f(5, str).go('v1.PatchType').explicit().doc('Form of the patch: `JSONPatch`.'),
    auditAnnotations: f(6, map(str)).doc('What the audit log is to keep.'),
    warnings: f(7, list(str)).listOf('atomic').doc('What the client is told.'),
  },
  { doc: 'What a webhook answers.' },
)
export type AdmissionResponse = TypeOf<typeof AdmissionResponse>

export const AdmissionReview = kind(
  'AdmissionReview',
  {
    request: f(1, AdmissionRequest).doc('What is asked.'),
    response: f(2, AdmissionResponse).doc('What is answered.'),
  },
  { doc: 'The exchange with an admission webhook.' },
)
export type AdmissionReview = TypeOf<typeof AdmissionReview>

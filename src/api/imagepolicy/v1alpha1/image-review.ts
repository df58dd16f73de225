import { f } from '../../../schema/field.ts'
import { bool, list, map, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

const ImageReviewContainerSpec = message(
  'ImageReviewContainerSpec',
  { image: f(1, str).doc('Image of the container.') },
  { doc: 'A container of the pod.' },
)

const ImageReviewSpec = message(
  'ImageReviewSpec',
  {
    containers: f(1, list(ImageReviewContainerSpec)).listOf('atomic').doc('Containers of the pod.'),
    annotations: f(2, map(str)).doc('Annotations of the pod that are meant for the backend.'),
    namespace: f(3, str).doc('Namespace of the pod.'),
  },
  { doc: 'The pod whose images are to be judged.' },
)

const ImageReviewStatus = message(
  'ImageReviewStatus',
  {
    allowed: f(1, bool).required().always().doc('Whether all images may run.'),
    reason: f(2, str).doc('Why not, for people.'),
    auditAnnotations: f(3, map(str)).doc('What the audit log is to keep.'),
  },
  { doc: 'The judgement.' },
)

export const ImageReview = kind(
  'ImageReview',
  {
    metadata: f(1, ObjectMeta).always().doc('Standard metadata.'),
    spec: f(2, ImageReviewSpec).required().always().doc('Pod whose images are to be judged.'),
    status: f(3, ImageReviewStatus).always().doc('Answer of the backend.'),
  },
  { doc: 'What a backend of image policy is asked, and what it answers.' },
)
export type ImageReview = TypeOf<typeof ImageReview>

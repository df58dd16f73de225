/** The rules that each kind has beyond what its declaration says. */
import type { Kind } from '../../schema/kind.ts'
import type { Errors } from './checks.ts'
import { checkClaim, checkClaimUpdate } from './core/persistent-volume-claim.ts'
import {
  checkEphemeralContainersUpdate,
  checkPod,
  checkPodResize,
  checkPodStatusUpdate,
  checkPodUpdate,
} from './core/pod.ts'

/** An update of a subresource follows its own rules alone. Metadata and what declarations say are checked before. */
export interface KindRules {
  readonly create?: (out: Errors, object: never) => void
  readonly update?: (out: Errors, object: never, old: never) => void
  readonly subresources?: Readonly<Record<string, (out: Errors, object: never, old: never) => void>>
}

const rules: ReadonlyMap<string, KindRules> = new Map<string, KindRules>([
  [
    'v1/Pod',
    {
      create: checkPod,
      update: checkPodUpdate,
      subresources: {
        status: checkPodStatusUpdate,
        ephemeralcontainers: checkEphemeralContainersUpdate,
        resize: checkPodResize,
      },
    },
  ],
  ['v1/PersistentVolumeClaim', { create: checkClaim, update: checkClaimUpdate }],
])

export const rulesOf = (kind: Kind): KindRules | undefined => rules.get(`${kind.apiVersion}/${kind.gvk.kind}`)

import { Pod } from '../../../api/core/v1/pod.ts'
import type { AdmissionAttributes } from '../admission.ts'

/** The creation of a pod in the namespace `web` by `jane`, but for the changes. */
export const attributesOf = (changes: object): AdmissionAttributes =>
  ({
    operation: 'CREATE',
    kind: Pod,
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: '',
    namespace: 'web',
    name: '',
    object: undefined,
    oldObject: undefined,
    options: {},
    user: { username: 'jane', groups: [] },
    dryRun: false,
    warn: () => {},
    ...changes,
  }) as unknown as AdmissionAttributes

/** Writes what type checking found of each ValidatingAdmissionPolicy into its status. */
import { ValidatingAdmissionPolicy } from '../../api/admissionregistration/v1/validating-admission-policy.ts'
import { updateStatus } from '../runtime/action.ts'
import { type ControllerDefinition, enqueueChanged } from '../runtime/controller.ts'
import { typeCheck } from './type-check.ts'

export const validatingAdmissionPolicyStatusController: ControllerDefinition = {
  name: 'validatingadmissionpolicy-status-controller',
  workers: 1,
  build(context) {
    const policies = context.informer(ValidatingAdmissionPolicy)
    enqueueChanged(policies, context)
    return {
      plan(key) {
        const policy = policies.get('', key)
        if (!policy) return undefined
        const { generation = 0 } = policy.metadata
        if (policy.status?.observedGeneration === generation && policy.status.typeChecking) return undefined
        const warnings = typeCheck(policy)
        const typeChecking = warnings.length === 0 ? {} : { expressionWarnings: warnings }
        const status = { ...policy.status, observedGeneration: generation, typeChecking }
        return { steps: [[updateStatus(ValidatingAdmissionPolicy, { ...policy, status })]] }
      },
    }
  },
}

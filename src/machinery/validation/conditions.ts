/** Conditions in the form that newer kinds share (upstream: metav1 validation of conditions). */
import type { Condition } from '../../api/meta/v1/condition.ts'
import { duplicate, invalid, notSupported, required, tooLong } from '../../schema/field-error.ts'
import { labelKeyErrors } from '../selectors/label-syntax.ts'
import { type Errors, pushInvalid } from './checks.ts'

const statuses = ['False', 'True', 'Unknown']
const maxReasonBytes = 1024
const maxMessageBytes = 32 * 1024
const reason = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const reasonPattern = new RegExp(`^(?:${reason})$`)

export const conditionReasonErrors = (text: string): string[] =>
  reasonPattern.test(text)
    ? []
    : [
        `a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${reason}')`,
      ]

export function checkConditions(out: Errors, path: string, conditions: readonly Partial<Condition>[] | undefined) {
  const seen = new Set<string>()
  for (const [i, condition] of (conditions ?? []).entries()) {
    const type = condition.type ?? ''
    if (seen.has(type)) out.push(duplicate(`${path}[${i}]`, type))
    seen.add(type)
    checkCondition(out, `${path}[${i}]`, condition)
  }
}

function checkCondition(out: Errors, path: string, condition: Partial<Condition>): void {
  if (!condition.type) out.push(required(`${path}.type`, 'is required'))
  else pushInvalid(out, `${path}.type`, condition.type, labelKeyErrors(condition.type))
  if (!condition.status) out.push(required(`${path}.status`))
  else if (!statuses.includes(condition.status)) {
    out.push(notSupported(`${path}.status`, condition.status, statuses))
  }
  if ((condition.observedGeneration ?? 0) < 0) {
    out.push(
      invalid(`${path}.observedGeneration`, condition.observedGeneration, 'must be greater than or equal to zero'),
    )
  }
  if (!condition.lastTransitionTime) out.push(required(`${path}.lastTransitionTime`))
  if (!condition.reason) out.push(required(`${path}.reason`))
  else {
    pushInvalid(out, `${path}.reason`, condition.reason, conditionReasonErrors(condition.reason))
    if (Buffer.byteLength(condition.reason) > maxReasonBytes) out.push(tooLong(`${path}.reason`, maxReasonBytes))
  }
  if (Buffer.byteLength(condition.message ?? '') > maxMessageBytes) {
    out.push(tooLong(`${path}.message`, maxMessageBytes))
  }
}

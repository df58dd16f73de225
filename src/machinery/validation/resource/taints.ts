/** Taints of devices, what tolerates them, and the rules that set them (KEP-5055). */
import type { DeviceTaint, DeviceToleration } from '../../../api/resource/v1/device-taint.ts'
import type { DeviceTaintRule } from '../../../api/resource/v1/device-taint-rule.ts'
import { invalid, required, tooMany } from '../../../schema/field-error.ts'
import { labelValueErrors } from '../../selectors/label-syntax.ts'
import { type Errors, pushInvalid } from '../checks.ts'
import { checkConditions } from '../conditions.ts'
import { checkDriverName, checkItems, checkLabelKey, checkLabelName, checkPoolName } from './names.ts'

const maxTolerations = 16
const maxConditions = 8

export function checkTaint(out: Errors, path: string, { key, value }: DeviceTaint): void {
  checkLabelKey(out, `${path}.key`, key)
  if (value) pushInvalid(out, `${path}.value`, value, labelValueErrors(value))
}

export function checkTolerations(
  out: Errors,
  path: string,
  tolerations: readonly DeviceToleration[] | undefined,
): void {
  checkItems(out, path, tolerations, maxTolerations, (at, { key, operator, value = '' }) => {
    if (key) checkLabelKey(out, `${at}.key`, key)
    if (operator === undefined) out.push(required(`${at}.operator`))
    if (operator === 'Exists' && value !== '') {
      out.push(invalid(`${at}.value`, value, 'must be empty for operator `Exists`'))
    }
    if (operator === 'Equal') pushInvalid(out, `${at}.value`, value, labelValueErrors(value))
  })
}

export function checkTaintRule(out: Errors, { spec }: DeviceTaintRule): void {
  const { driver, pool, device } = spec.deviceSelector ?? {}
  const path = 'spec.deviceSelector'
  for (const [name, value] of Object.entries({ driver, pool })) {
    if (value === '') out.push(required(`${path}.${name}`))
  }
  if (driver !== undefined) checkDriverName(out, `${path}.driver`, driver)
  if (pool !== undefined) checkPoolName(out, `${path}.pool`, pool)
  if (device !== undefined) checkLabelName(out, `${path}.device`, device)
  checkTaint(out, 'spec.taint', spec.taint)
}

export function checkTaintRuleStatus(out: Errors, { status }: DeviceTaintRule): void {
  const conditions = status.conditions ?? []
  checkConditions(out, 'status.conditions', conditions)
  if (conditions.length > maxConditions) out.push(tooMany('status.conditions', conditions.length, maxConditions))
}

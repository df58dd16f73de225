/** Expressions that select devices. */
import type { DeviceSelector } from '../../../api/resource/v1/device-selector.ts'
import { invalid, required, tooLong } from '../../../schema/field-error.ts'
import { CompilationError, compileExpression, type Environment } from '../../cel/environment.ts'
import { boolType, type CelType, dyn, formatType, mapOf, type ObjectType, stringType } from '../../cel/types.ts'
import type { Errors } from '../checks.ts'
import { checkItems } from './names.ts'

const maxSelectors = 32
const maxExpressionBytes = 10 * 1024

const fields: Readonly<Record<string, CelType>> = {
  driver: stringType,
  attributes: mapOf(stringType, mapOf(stringType, dyn)),
  capacity: mapOf(stringType, mapOf(stringType, { is: 'opaque', name: 'kubernetes.Quantity' })),
  allowMultipleAllocations: boolType,
}
const deviceType: ObjectType = {
  is: 'object',
  name: 'kubernetes.DRADevice',
  field: name => (Object.hasOwn(fields, name) ? fields[name] : undefined),
}
const environment: Environment = { variables: new Map([['device', deviceType]]) }

/** What is wrong with an expression over `device`, in upstream's words. */
function faultOf(expression: string): string | undefined {
  try {
    const { type } = compileExpression(expression, environment)
    if (type.is === 'bool' || type.is === 'dyn') return undefined
    return `must evaluate to bool or the unknown type, not ${formatType(type)}`
  } catch (error) {
    if (error instanceof CompilationError) return `compilation failed: ${error.message}`
    throw error
  }
}

export function checkSelectors(out: Errors, path: string, selectors: readonly DeviceSelector[] | undefined): void {
  checkItems(out, path, selectors, maxSelectors, (at, { cel }) => {
    if (!cel) {
      out.push(required(`${at}.cel`))
      return
    }
    const { expression } = cel
    if (Buffer.byteLength(expression) > maxExpressionBytes) {
      out.push(tooLong(`${at}.cel.expression`, maxExpressionBytes))
      return
    }
    const fault = faultOf(expression)
    if (fault !== undefined) out.push(invalid(`${at}.cel.expression`, expression, fault))
  })
}

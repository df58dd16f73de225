import { messageOf } from './field.ts'
import type { Type } from './type.ts'

const scalarNames: Readonly<Record<string, string>> = {
  bytes: '[]uint8',
  binary: '[]uint8',
  byteString: '[]uint8',
  double: 'float64',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  duration: 'v1.Duration',
  raw: 'runtime.RawExtension',
  json: 'interface {}',
  fieldsV1: 'v1.FieldsV1',
}

/** How Go prints a type in decoding errors, as `[]v1.Container`. Named string types print as `string`. */
export function goTypeName(type: Type): string {
  switch (type.is) {
    case 'scalar':
      return scalarNames[type.name] ?? type.name
    case 'enum':
      return 'string'
    case 'list':
      return `[]${goTypeName(type.of)}`
    case 'map':
      return `map[string]${goTypeName(type.of)}`
    default:
      return messageOf(type)?.name.split('.').slice(-2).join('.') ?? ''
  }
}

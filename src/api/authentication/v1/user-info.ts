import { f } from '../../../schema/field.ts'
import { list, map, str, type TypeOf } from '../../../schema/type.ts'
import { listMessage, message } from './package.ts'

export const ExtraValue = listMessage('ExtraValue', str)
export type ExtraValue = TypeOf<typeof ExtraValue>

export const UserInfo = message('UserInfo', {
  username: f(1, str),
  uid: f(2, str),
  groups: f(3, list(str)).listOf('atomic'),
  extra: f(4, map(ExtraValue)),
})
export type UserInfo = TypeOf<typeof UserInfo>

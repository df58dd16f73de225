import { f } from '../../../schema/field.ts'
import { list, map, str, type TypeOf } from '../../../schema/type.ts'
import { listMessage, message } from './package.ts'

export const ExtraValue = listMessage('ExtraValue', str)
export type ExtraValue = TypeOf<typeof ExtraValue>

export const UserInfo = message(
  'UserInfo',
  {
    username: f(1, str).doc('Name of the user.'),
    uid: f(2, str).doc('Identifier of the user, which does not pass to another of the same name.'),
    groups: f(3, list(str)).listOf('atomic').doc('Groups that the user is in.'),
    extra: f(4, map(ExtraValue)).doc('Further facts from the authenticator.'),
  },
  { doc: 'An authenticated user.' },
)
export type UserInfo = TypeOf<typeof UserInfo>

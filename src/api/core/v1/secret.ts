import { f } from '../../../schema/field.ts'
import { bool, bytes, map, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'

export const Secret = kind(
  'Secret',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    data: f(2, map(bytes)).doc('Values by key, in base64.'),
    type: f(3, str)
      .go('v1.SecretType')
      .doc('What the data are for, which decides the keys needed; `Opaque` by default.'),
    stringData: f(4, map(str)).doc('Values by key as plain text; write-only, moved into `data` and winning there.'),
    immutable: f(5, bool).explicit().doc('Refuse all further changes of the data; cannot be taken back.'),
  },
  {
    doc: 'Sensitive data by key, such as passwords, tokens and keys; 1 MiB in all.',
    resource: {
      plural: 'secrets',
      singular: 'secret',
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type Secret = TypeOf<typeof Secret>

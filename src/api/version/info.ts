import { f } from '../../schema/field.ts'
import { messagesOf } from '../../schema/message.ts'
import { str, type TypeOf } from '../../schema/type.ts'

const message = messagesOf('io.k8s.apimachinery.pkg.version')

/** What `/version` answers. */
export const Info = message(
  'Info',
  {
    major: f(1, str).required().always().doc('Major version.'),
    minor: f(2, str).required().always().doc('Minor version.'),
    emulationMajor: f(3, str).doc('Major version that the server behaves as.'),
    emulationMinor: f(4, str).doc('Minor version that the server behaves as.'),
    minCompatibilityMajor: f(5, str).doc('Major version that the server is still compatible with.'),
    minCompatibilityMinor: f(6, str).doc('Minor version that the server is still compatible with.'),
    gitVersion: f(7, str).required().always().doc('Whole version, as `v1.37.2`.'),
    gitCommit: f(8, str).required().always().doc('Commit that it was built from.'),
    gitTreeState: f(9, str).required().always().doc('`clean`, or `dirty` if there were changes besides.'),
    buildDate: f(10, str).required().always().doc('When it was built.'),
    goVersion: f(11, str).required().always().doc('Version of the runtime.'),
    compiler: f(12, str).required().always().doc('What compiled it.'),
    platform: f(13, str).required().always().doc('Operating system and architecture.'),
  },
  { doc: 'Version of the server.' },
)
export type Info = TypeOf<typeof Info>

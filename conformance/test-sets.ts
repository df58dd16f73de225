/** Which parts of the suite a run may take by name. What a test needs, upstream says in brackets in its name. */

/** What a cluster without a cloud and with the default feature gates is not meant to pass. */
const special = /\[(Disruptive|Flaky|Alpha|Deprecated|Feature:[^\]]+)\]/
/** These drivers of volumes need their cloud. */
const clouds =
  /\[Provider:(?![^\]]*local)[^\]]+\]|\[Driver: (azure-disk|azure-file|cinder|gcepd|pd\.csi[^\]]*|vsphere|aws)\]/
const conformance = /\[Conformance\]/
const alone = /\[Serial\]/
const slow = /\[Slow\]/

const isDefault = (name: string) => !conformance.test(name) && !special.test(name) && !clouds.test(name)

const sets = {
  /** What every Kubernetes cluster has to pass. */
  conformance: (name: string) => conformance.test(name),
  /** Beside those: what runs in parallel and without much waiting, as upstream runs it before each change. */
  default: (name: string) => isDefault(name) && !alone.test(name) && !slow.test(name),
  /** What must run one at a time. */
  serial: (name: string) => isDefault(name) && alone.test(name) && !slow.test(name),
  slow: (name: string) => isDefault(name) && slow.test(name),
  all: () => true,
} satisfies Readonly<Record<string, (name: string) => boolean>>

export type TestSetName = keyof typeof sets

export const testSetNames = Object.keys(sets) as readonly TestSetName[]

export const isTestSetName = (text: string): text is TestSetName => Object.hasOwn(sets, text)

export const inTestSet = (set: TestSetName, name: string): boolean => sets[set](name)

/** Whether tests of this set must not run beside each other. */
export const runsAlone = (set: TestSetName): boolean => set === 'serial'

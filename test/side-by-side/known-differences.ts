/**
 * Where our answers may differ from a stock server's, each with its reason. This list may only shrink: a long run names
 * the entries that no answer needs any more.
 */
import type { Difference } from './compare.ts'
import { withoutDumps } from './dumps.ts'
import type { DifferingAnswer } from './run.ts'

export interface KnownDifference {
  readonly reason: string
  /** Of the case's name. */
  readonly cases?: RegExp
  /** Of what the step says is special about its request. */
  readonly label?: RegExp
  /** Of where the answers differ. */
  readonly at?: RegExp
  readonly stock?: RegExp
  readonly ours?: RegExp
  /** Taken out of both texts, which then have to be the same. */
  readonly erase?: RegExp
  /** Makes two texts that mean the same be the same. */
  readonly same?: (text: string) => string
}

/** Of all answers, those that may differ without being listed yet; to be lowered whenever a run needs less. */
export const mostUnlistedShare = 0.002

const inErrors = /^body\.(?:message|details\.causes(?:\[\d+\]\.message)?)$/
const inMessages = /^body\.(?:message|details\.causes\[\d+\]\.message)$/

export const knownDifferences: readonly KnownDifference[] = [
  {
    reason:
      'Upstream shows values as its internal structs, and the differences between two of them, with their Go names and nil members; we have no such structs, and show a value as the client knows it.',
    at: inErrors,
    stock: /\\n@@ |value: [[{].*\\"[A-Z]\w*\\":/,
    same: withoutDumps,
  },
  {
    reason:
      'The patched object is shown whole: its members come in the order of Go structs there, of the document here.',
    at: inMessages,
    stock: /Invalid value: \\"\{/,
    erase: /Invalid value: \\"\{.*\}\\": /,
  },
  {
    reason:
      'Upstream converts what was merged by reflection, where numbers out of range wrap around; here they are refused.',
    label: /^(?:apply|strategic): .* = (?:10000000000000000000|2147483648|3000000000)$/,
  },
  {
    reason: 'Upstream tells an empty list or map from none in JSON (and not in protobuf); here the two are one.',
    label:
      /(?:ephemeralContainers\[0\]\.(?:restartPolicyRules|resizePolicy|ports|resources\.\w+)|volumeClaimTemplate\.metadata\.\w+|template\.spec\.resources\.claims) = (?:\[\]|\{\})$/,
    stock: /Forbidden: c(?:annot be set|laims may not)|FieldValueForbidden/,
  },
  {
    reason: 'Upstream adds an annotation on the way to a version, which its metadata alone do not take.',
    cases: /DaemonSet/,
    at: /^body\.items\[\d+\]\.metadata\.annotations$/,
    ours: /deprecated\.daemonset\.template\.generation/,
  },
  {
    reason: 'Upstream lists the rules of bindings in the order of a Go map.',
    cases: /SelfSubjectRulesReview/,
    at: /^body\.status\.(?:nonResource|resource)Rules\[/,
  },
  {
    reason:
      'Upstream counts a change of a field before it drops the field, as one of a feature that is off or one of old.',
    cases: /(?:Resource|Endpoint)Slice (?:update|patch)/,
    at: /^body\.metadata\.generation$/,
  },
  {
    reason: 'Upstream panics over a null in a list that its JSON patch makes, and closes the connection.',
    at: /^(?:status|contentType|body)/,
    label: /^json: .* = \[null\]$/,
    ours: /422|application\/json|Invalid/,
  },
  {
    reason: "Upstream's library and the rules of these kinds say the same of metadata, and say it twice or thrice.",
    cases: /CustomResourceDefinition|APIService/,
    label: /metadata/,
    at: /^body\.details\.causes$/,
  },
  {
    reason:
      'Upstream owns the annotation in which version 1 keeps the metrics of version 2; here they are converted first.',
    cases: /^autoscaling\/v1\/HorizontalPodAutoscaler/,
    label: /CPUUtilizationPercentage/,
    at: /^body\.metadata\.managedFields/,
  },
  {
    reason: "What upstream's parser says of broken YAML, and how it shows a key that is no text, are its own words.",
    label: /YAML/,
    stock: /did not find expected|already set in map/,
  },
  {
    reason: 'Upstream cannot apply the scale of a custom resource, which it takes for a fault of its own; here it can.',
    cases: /^custom verbs/,
    label: /^(?:scale by apply|after all|delete all, dry|delete all|delete)$/,
  },
  {
    reason: 'Upstream panics over a custom resource in protobuf.',
    cases: /^custom verbs/,
    label: /^protobuf$/,
  },
  {
    reason: 'Descriptions are in our own words.',
    at: /^body\.columnDefinitions\[\d+\]\.description$/,
  },
  {
    reason: 'Metadata that was sent is shown whole: its members come in the order of the Go struct there.',
    cases: /AccessReview/,
    at: inMessages,
    stock: /metadata: Invalid value: \{|^"Invalid value: \{/,
    erase: /Invalid value: \{.*\}: must be empty/,
  },
]

const textOf = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value))

const erased = (pattern: RegExp, value: unknown): string => textOf(value).replace(pattern, '')

function covers(known: KnownDifference, answer: DifferingAnswer, difference: Difference): boolean {
  return (
    (known.cases?.test(answer.caseName) ?? true) &&
    (known.label?.test(answer.label) ?? true) &&
    (known.at?.test(difference.at) ?? true) &&
    (known.stock?.test(textOf(difference.stock)) ?? true) &&
    (known.ours?.test(textOf(difference.ours)) ?? true) &&
    (known.erase === undefined || erased(known.erase, difference.stock) === erased(known.erase, difference.ours)) &&
    (known.same === undefined ||
      textOf(mapTexts(difference.stock, known.same)) === textOf(mapTexts(difference.ours, known.same)))
  )
}

/** The value with every text in it mapped. */
function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map(item => mapTexts(item, map))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapTexts(member, map)]))
}

export interface Judgement {
  /** Answers of which at least one difference is not listed. */
  readonly unknown: readonly DifferingAnswer[]
  readonly known: number
  /** How many answers each reason covers a difference of. */
  readonly uses: ReadonlyMap<KnownDifference, number>
  readonly unused: readonly KnownDifference[]
}

export function judge(differing: readonly DifferingAnswer[], list = knownDifferences): Judgement {
  const uses = new Map<KnownDifference, number>()
  const unknown: DifferingAnswer[] = []
  for (const answer of differing) {
    const covering = answer.differences.map(difference => list.find(known => covers(known, answer, difference)))
    for (const known of new Set(covering)) if (known) uses.set(known, (uses.get(known) ?? 0) + 1)
    if (covering.includes(undefined)) unknown.push(answer)
  }
  const known = differing.length - unknown.length
  return { unknown, known, uses, unused: list.filter(one => !uses.has(one)) }
}

/** Renders `docs/conformance.md` from the results. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { formatSeconds } from './progress.ts'
import { areaOf, type Outcome, type Results } from './results.ts'

export const documentPath = join(import.meta.dirname, '../docs/conformance.md')

/** Text from a test within a line of Markdown. */
export const plain = (text: string): string => text.replace(/[\\`*_<>|#[\]]/g, '\\$&').replace(/\s+/g, ' ')
const code = (text: string): string => `\`${text.replaceAll('`', "'")}\``

interface AreaCounts {
  passed: number
  failed: number
  notRun: number
}

export function countByArea({ passed, failed, notRun }: Outcome): Map<string, AreaCounts> {
  const areas = new Map<string, AreaCounts>()
  const count = (name: string, what: keyof AreaCounts) => {
    const area = areaOf(name)
    const counts = areas.get(area) ?? { passed: 0, failed: 0, notRun: 0 }
    counts[what] += 1
    areas.set(area, counts)
  }
  for (const name of passed) count(name, 'passed')
  for (const { name } of failed) count(name, 'failed')
  for (const { name } of notRun) count(name, 'notRun')
  return new Map([...areas].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function byArea<Test extends { readonly name: string }>(
  tests: readonly Test[],
  line: (test: Test) => string,
): string[] {
  const areas = Map.groupBy(tests, test => areaOf(test.name))
  return [...areas]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([area, own]) => ['', `### ${area}`, '', ...own.map(test => `- ${line(test)}`)])
}

/** The name without its area, which the heading says. */
const shortName = (name: string) => plain(name.replace(/^\[sig-[a-z-]+\] /, ''))

export const areaTable = (outcome: Outcome, notRunTitle: string): string[] => [
  `| area | passed | failed | ${notRunTitle} |`,
  '| --- | ---: | ---: | ---: |',
  ...[...countByArea(outcome)].map(
    ([area, counts]) => `| ${area} | ${counts.passed} | ${counts.failed} | ${counts.notRun} |`,
  ),
]

export const failedByArea = (failed: Outcome['failed']): string[] =>
  failed.length === 0 ? ['', 'None.'] : byArea(failed, ({ name, error }) => `${shortName(name)}  \n  ${code(error)}`)

export function renderDocument(results: Results): string {
  const { suite, commit, date, seconds, wholeRun, passed, failed, notRun } = results
  const total = passed.length + failed.length + notRun.length
  return [
    '# Conformance',
    '',
    `Upstream's conformance tests of Kubernetes ${suite}, run by \`npm run conformance\` against Clipper.`,
    '',
    `**${passed.length} of ${total} passed**, ${failed.length} failed, ${notRun.length} not run.`,
    ...(wholeRun
      ? [
          `All were run at commit ${code(wholeRun.commit.slice(0, 12))}, ended ${wholeRun.date}; those that did not pass were run`,
          `again since, last at commit ${code(commit.slice(0, 12))}, ended ${date}. In all it took ${formatSeconds(seconds)}.`,
        ]
      : [`Commit ${code(commit.slice(0, 12))}, ended ${date}, took ${formatSeconds(seconds)}.`]),
    '',
    ...areaTable(results, 'not run'),
    '',
    '## Failed',
    ...failedByArea(failed),
    '',
    '## Not run',
    ...(notRun.length === 0
      ? ['', 'None.']
      : byArea(notRun, ({ name, reason }) => `${shortName(name)}: ${plain(reason)}`)),
    '',
    '## Passed',
    ...byArea(
      passed.map(name => ({ name })),
      ({ name }) => shortName(name),
    ),
    '',
  ].join('\n')
}

export function writeDocument(results: Results, path = documentPath): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, renderDocument(results))
}

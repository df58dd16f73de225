/** Renders `docs/e2e.md`: how the tests of the suite outside of conformance fared when they last ran. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { areaTable, failedByArea, plain } from './document.ts'
import type { Results } from './results.ts'

const documentPath = join(import.meta.dirname, '../docs/e2e.md')

export function renderRestDocument(results: Results): string {
  const { suite, commit, date, passed, failed, notRun } = results
  const byReason = Map.groupBy(notRun, ({ reason }) => reason)
  return [
    '# End-to-end tests outside of conformance',
    '',
    `Tests of Kubernetes ${suite} that are not marked \`[Conformance]\`, run by \`npm run conformance -- --tests default --record\``,
    '(and `serial`, `slow`) against Clipper: each as it last ran. What needs a feature outside of the defaults, a cloud, or breaks',
    'the cluster is left out (`conformance/test-sets.ts`).',
    '',
    `**${passed.length} passed**, ${failed.length} failed, ${notRun.length} left themselves out.`,
    `The last run was at commit \`${commit.slice(0, 12)}\` and ended ${date}.`,
    '',
    ...areaTable(results, 'left out'),
    '',
    '## Failed',
    ...failedByArea(failed),
    '',
    '## Left out',
    '',
    ...[...byReason]
      .sort(([, a], [, b]) => b.length - a.length)
      .map(([reason, tests]) => `- ${tests.length}: ${plain(reason)}`),
    '',
  ].join('\n')
}

export function writeRestDocument(results: Results): void {
  writeFileSync(documentPath, renderRestDocument(results))
}

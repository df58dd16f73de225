import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstLines, outcomeOf, parseReport } from './report.ts'

const spec = (text: string, state: string, message = '') => ({
  ContainerHierarchyTexts: ['[sig-node] Pods'],
  LeafNodeType: 'It',
  LeafNodeText: text,
  State: state,
  RunTime: 1_500_000_000,
  ...(message === '' ? {} : { Failure: { Message: message } }),
})

const reportOf = (...specs: object[]) => parseReport(JSON.stringify([{ SpecReports: specs }]))

test('each selected test is passed, failed or not run', () => {
  const report = reportOf(
    spec('a', 'passed'),
    spec('b', 'failed', 'it broke\ndump'),
    spec('c', 'skipped', 'needs a cloud'),
    spec('d', 'skipped'),
    spec('e', 'timedout', 'too long'),
    spec('f', 'panicked'),
    spec('g', 'interrupted', 'Interrupted by User'),
    spec('other', 'passed'),
  )
  assert.equal(report.tests[0]?.seconds, 1.5)
  const names = ['h', 'g', 'f', 'e', 'd', 'c', 'b', 'a'].map(name => `[sig-node] Pods ${name}`)
  assert.deepEqual(outcomeOf(names, report), {
    passed: ['[sig-node] Pods a'],
    failed: [
      { name: '[sig-node] Pods b', error: 'it broke | dump' },
      { name: '[sig-node] Pods e', error: 'too long' },
      { name: '[sig-node] Pods f', error: 'panicked' },
    ],
    notRun: [
      { name: '[sig-node] Pods c', reason: 'needs a cloud' },
      { name: '[sig-node] Pods d', reason: 'the run ended before' },
      { name: '[sig-node] Pods g', reason: 'interrupted' },
      { name: '[sig-node] Pods h', reason: 'the run ended before' },
    ],
  })
})

test('a failure that the environment explains says so and is not passed', () => {
  const outcome = outcomeOf(
    ['[sig-node] Pods a', '[sig-node] Pods b'],
    reportOf(spec('a', 'failed', 'no second node'), spec('b', 'passed')),
    () => 'one node',
  )
  assert.deepEqual(outcome.failed, [{ name: '[sig-node] Pods a', error: 'environment: one node (no second node)' }])
  assert.deepEqual(outcome.passed, ['[sig-node] Pods b'])
})

test('a suite that cannot be prepared is the reason why nothing ran', () => {
  const failed = { ...spec('', 'failed', 'no nodes are ready'), LeafNodeType: 'SynchronizedBeforeSuite' }
  assert.deepEqual(outcomeOf(['[sig-node] Pods a'], reportOf(failed, spec('a', 'skipped'))).notRun, [
    { name: '[sig-node] Pods a', reason: 'SynchronizedBeforeSuite: no nodes are ready' },
  ])
})

test('the first lines of an error leave out dumped objects and have a bound', () => {
  assert.equal(firstLines('\n  failed to wait:\n  Timed out\n  {"kind": "Pod"}\n more'), 'failed to wait: | Timed out')
  assert.equal(firstLines('x'.repeat(1000)).length, 300)
})

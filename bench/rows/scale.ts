import { cost, figures, p50, p99, type Row, rate } from '../row.ts'
import { scaleSizes } from '../suites/scale.ts'

/**
 * The service level objectives of Kubernetes: 99 in 100 within a second for requests that change or read one object, within
 * 5 s for lists of a namespace and 30 s for lists of all, and pods within 5 s of their creation.
 */
const objectives: readonly { name: string; title: string; boundMs: number }[] = [
  { name: 'mutate', title: 'a request that changes an object', boundMs: 1000 },
  { name: 'get', title: 'a get of one object', boundMs: 1000 },
  { name: 'list-namespace', title: 'a list of the pods of a namespace', boundMs: 5000 },
  { name: 'list-all', title: 'a list of all pods', boundMs: 30_000 },
]

const rowsOf = ([nodes, pods]: (typeof scaleSizes)[number]): Row[] => {
  const suite = `scale-${nodes}`
  const base = {
    suite,
    group: `Scale, ${pods.toLocaleString('en')} pods on ${nodes.toLocaleString('en')} simulated nodes`,
  }
  const phases = [
    ['filling', 'while pods come'],
    ['full', 'when all run'],
  ] as const
  return [
    {
      ...base,
      id: `${suite}/nodes`,
      title: 'nodes registered',
      unit: '1/s',
      better: 'more',
      of: figures({ name: 'scale-registered' }, rate),
    },
    {
      ...base,
      id: `${suite}/pods`,
      title: 'pods brought to run',
      unit: '1/s',
      better: 'more',
      of: figures({ name: 'scale-filled' }, rate),
    },
    {
      ...base,
      id: `${suite}/start`,
      title: 'a pod from created to running, when all run, p50',
      unit: 'ms',
      better: 'less',
      of: figures({ name: 'scale-pod-start' }, p50),
    },
    {
      ...base,
      id: `${suite}/start/p99`,
      title: 'a pod from created to running, when all run, p99',
      unit: 'ms',
      better: 'less',
      bound: 5000,
      of: figures({ name: 'scale-pod-start' }, p99),
    },
    ...phases.flatMap(([phase, when]) =>
      objectives.map(
        ({ name, title, boundMs }): Row => ({
          ...base,
          id: `${suite}/${phase}/${name}`,
          title: `${title}, ${when}, p99`,
          unit: 'ms',
          better: 'less',
          bound: boundMs,
          of: figures({ name: `scale-${phase}-${name}` }, p99),
        }),
      ),
    ),
    ...cost(suite, `${pods.toLocaleString('en')} pods on ${nodes.toLocaleString('en')} simulated nodes`),
  ]
}

export const scaleRows: readonly Row[] = scaleSizes.flatMap(rowsOf)

/** The class that objects get which name none: the youngest of those marked, by name where several are as young. */

interface Class {
  readonly metadata: {
    readonly name: string
    readonly creationTimestamp?: string
    readonly annotations?: Readonly<Record<string, string>>
  }
}

export const storageClassMark = 'storageclass.kubernetes.io/is-default-class'
export const storageClassMarks = [storageClassMark, 'storageclass.beta.kubernetes.io/is-default-class'] as const
export const ingressClassMarks = ['ingressclass.kubernetes.io/is-default-class'] as const

/** Its name. */
export function defaultClassOf(classes: readonly Class[], marks: readonly string[]): string | undefined {
  const marked = classes.filter(({ metadata }) => marks.some(mark => metadata.annotations?.[mark] === 'true'))
  marked.sort(({ metadata: a }, { metadata: b }) => {
    const [left, right] = [a.creationTimestamp ?? '', b.creationTimestamp ?? '']
    if (left !== right) return left < right ? 1 : -1
    return a.name < b.name ? -1 : 1
  })
  return marked[0]?.metadata.name
}

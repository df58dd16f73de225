/**
 * The order of a merged list: what the patch names stands in the patch's order, the rest in the server's, and the two are
 * interleaved so that the server's order holds where both know it (design: "preserve order in strategic merge patch").
 */

export type KeyOf = (item: unknown) => string

/** The place of each key's first occurrence. */
function placesOf(items: readonly unknown[], keyOf: KeyOf): Map<string, number> {
  const places = new Map<string, number>()
  for (const [i, item] of items.entries()) {
    const key = keyOf(item)
    if (!places.has(key)) places.set(key, i)
  }
  return places
}

const inOrder = (items: readonly unknown[], places: ReadonlyMap<string, number>, keyOf: KeyOf): unknown[] =>
  items.toSorted((a, b) => (places.get(keyOf(a)) ?? -1) - (places.get(keyOf(b)) ?? -1))

/** Orders `merged` by the patch's order and the server's. Items that only the patch has come before the server's. */
export function orderedList(
  merged: readonly unknown[],
  patchOrder: readonly unknown[],
  serverOrder: readonly unknown[],
  keyOf: KeyOf,
): unknown[] {
  const patchPlaces = placesOf(patchOrder, keyOf)
  const serverPlaces = placesOf(serverOrder, keyOf)
  const ofPatch = inOrder(
    merged.filter(item => patchPlaces.has(keyOf(item))),
    patchPlaces,
    keyOf,
  )
  const ofServer = inOrder(
    merged.filter(item => !patchPlaces.has(keyOf(item))),
    serverPlaces,
    keyOf,
  )
  const result: unknown[] = []
  let next = 0
  for (const item of ofPatch) {
    const place = serverPlaces.get(keyOf(item))
    while (place !== undefined && next < ofServer.length) {
      const other = serverPlaces.get(keyOf(ofServer[next]))
      if (other === undefined || other >= place) break
      result.push(ofServer[next++])
    }
    result.push(item)
  }
  return [...result, ...ofServer.slice(next)]
}

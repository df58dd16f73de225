/** Waiting frames of a watch together, so that a burst of events costs one write. */
import type { WatchSource } from './watch-source.ts'

/** What was joined last. Watchers of the same objects take the same frames one after the other, and share it. */
let lastFrames: readonly Buffer[] = []
let lastJoined = Buffer.alloc(0)

/** The next frames until they are `stepBytes`, never to be changed; undefined where none waits. */
export function nextFrames(source: WatchSource, stepBytes: number): Buffer | undefined {
  const first = source.take()?.frame()
  if (!first || first.length >= stepBytes) return first
  const frames = [first]
  for (let bytes = first.length; bytes < stepBytes; ) {
    const next = source.take()?.frame()
    if (!next) break
    frames.push(next)
    bytes += next.length
  }
  return frames.length === 1 ? first : joined(frames)
}

function joined(frames: readonly Buffer[]): Buffer {
  if (frames.length !== lastFrames.length || frames.some((frame, i) => frame !== lastFrames[i])) {
    lastJoined = Buffer.concat(frames)
    lastFrames = frames
  }
  return lastJoined
}

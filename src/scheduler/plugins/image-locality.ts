/** Prefers nodes that have the pod's images, large and widespread ones most, so that one node with an image is not overrun. */
import { maxNodeScore, type ScorePlugin } from '../framework.ts'

const megabyte = 1024 * 1024
const minBytes = 23 * megabyte
const maxContainerBytes = 1000 * megabyte

/** As the runtime lists it: with a tag. */
function normalisedName(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') && !image.includes('@') ? `${image}:latest` : image
}

export const imageLocality: ScorePlugin = {
  name: 'ImageLocality',
  weight: 1,
  prepare: ({ pod }, { state }) => {
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    const images = containers.map(({ image }) => normalisedName(image ?? ''))
    const shares = images.map(image => state.nodesWithImage(image) / Math.max(1, state.nodes().length))
    if (shares.every(one => one === 0)) return undefined
    const maxBytes = maxContainerBytes * containers.length
    return {
      score({ images: present }) {
        let sum = 0
        images.forEach((image, i) => {
          sum += Math.floor((present.get(image) ?? 0) * shares[i]!)
        })
        const bounded = Math.min(maxBytes, Math.max(minBytes, sum))
        return Math.floor((maxNodeScore * (bounded - minBytes)) / (maxBytes - minBytes))
      },
    }
  },
}

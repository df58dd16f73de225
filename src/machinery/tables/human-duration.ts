/** Durations as people read them: two units at most, coarser the longer they are (upstream: `duration.HumanDuration`). */

const unit = (large: number, largeName: string, small: number, smallName: string): string =>
  small === 0 ? `${large}${largeName}` : `${large}${largeName}${small}${smallName}`

export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000)
  // Clocks of two machines may differ by a second.
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return unit(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return unit(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return unit(days, 'd', hours % 24, 'h')
  if (days < 730) return `${days}d`
  const years = Math.floor(days / 365)
  return days < 2920 ? unit(years, 'y', days % 365, 'd') : `${years}y`
}

/** How long ago a time was, `<unknown>` if there is none. */
export function ageOf(time: string | null | undefined, nowMs: number): string {
  const ms = time ? Date.parse(time) : Number.NaN
  return Number.isNaN(ms) ? '<unknown>' : humanDuration(nowMs - ms)
}

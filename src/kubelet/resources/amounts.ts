/** Amounts of resources as numbers. */
import { parseQuantity } from '../../machinery/quantity.ts'

/** Thousandths, rounded up, as cpu is counted. 0 for none. */
export const milliOf = (text: string | undefined): number => (text === undefined ? 0 : parseQuantity(text).milliValue())

/** Whole units, rounded up, as bytes are counted. 0 for none. */
export const unitsOf = (text: string | undefined): number => (text === undefined ? 0 : parseQuantity(text).value())

/** What things cost in cel-go and in Kubernetes' libraries: what is counted while an expression runs, and estimated before. */
export const listCost = 10
export const mapCost = 30
export const structCost = 40
export const perCharacter = 0.1
export const perRegexCharacter = 0.25
/** Lets an expression make two access checks. */
export const checkCost = 350_000

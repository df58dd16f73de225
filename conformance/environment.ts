/** Tests that cannot pass on the machine that runs them, and why; they run all the same (see `outcomeOf`). */
export const environmentReasons: Readonly<Record<string, string>> = {}

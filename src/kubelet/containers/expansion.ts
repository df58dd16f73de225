/** Replaces `$(NAME)` by a variable's value; `$$` is a plain `$`, unknown names stay as they are (API: Container.command). */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) =>
    whole === '$$' ? '$' : (lookUp(name ?? '') ?? whole),
  )
}
